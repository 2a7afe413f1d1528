// A .proto file that is not numbered yet: what lowering makes of the model, and what numbering and the descriptor are
// made from. Names are local to the package unless they say otherwise.

import type { FieldDescriptorProto_Type } from "@bufbuild/protobuf/wkt";
import type { Operation, Shape } from "@perdure/proto/typed/v1/typed";
import type { Place } from "../model/place.js";
import type { Doc } from "../model/types.js";

export interface DraftFile {
  readonly package: string;
  readonly services: readonly DraftService[];
  readonly messages: readonly DraftMessage[];
  readonly enums: readonly DraftEnum[];
}

/** Who a name comes from, for messages about two that meet. */
export interface Origin {
  /** Such as "interface User" or "the request of SignupWorkflow/run". */
  readonly what: string;
  readonly place?: Place;
}

export interface DraftService {
  readonly name: string;
  /** The name that it is registered by. */
  readonly contract: string;
  readonly doc: Doc;
  readonly methods: readonly DraftMethod[];
  readonly origin: Origin;
}

export interface DraftMethod {
  readonly name: string;
  readonly handler: string;
  readonly operation: Operation;
  readonly doc: Doc;
  readonly request: string;
  readonly response: string;
  readonly origin: Origin;
}

export interface DraftMessage {
  readonly name: string;
  /** The name that it had in an earlier output, if that is another one. */
  readonly previousName?: string;
  readonly doc: Doc;
  readonly shape: Shape;
  readonly constants: readonly DraftConstant[];
  readonly fields: readonly DraftField[];
  /** All fields are in one oneof of this name. */
  readonly oneof?: string;
  readonly origin: Origin;
}

export interface DraftConstant {
  readonly name: string;
  readonly json: string;
}

export interface DraftField {
  readonly name: string;
  readonly jsonName: string;
  /** The JSON name that it had in an earlier output. */
  readonly renamedFrom?: string;
  /** Its number is fixed: it is a part of the envelope or of a wrapper. */
  readonly number?: number;
  readonly form: FieldForm;
  readonly doc: Doc;
  readonly origin: Origin;
}

export interface FieldForm {
  /** Of a repeated field the element's, of a map the value's. */
  readonly type: FieldType;
  readonly presence: "implicit" | "optional" | "repeated" | "map";
  /** Unset stands for null. */
  readonly nullable: boolean;
  /** A 64-bit integer that is a number in JSON. */
  readonly jsonNumber: boolean;
}

export type FieldType =
  | { readonly kind: "scalar"; readonly scalar: FieldDescriptorProto_Type }
  | {
      readonly kind: "message" | "enum";
      /** Of this package: the local name. Else the full one. */
      readonly name: string;
      readonly foreign: boolean;
    };

export interface DraftEnum {
  readonly name: string;
  readonly previousName?: string;
  readonly doc: Doc;
  /** Without the value 0. */
  readonly values: readonly DraftEnumValue[];
  readonly origin: Origin;
}

export interface DraftEnumValue {
  /** With the enum's name before it. */
  readonly name: string;
  /** The name that it had if the enum had another. */
  readonly previousName?: string;
  readonly value: string | number;
  readonly doc: Doc;
}

export const noDoc: Doc = { text: "" };

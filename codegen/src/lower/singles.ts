// What stands in a field by itself, without a message of its own kind: scalars and well-known types, and how names of
// wrappers call them.

import { FieldDescriptorProto_Type as Scalar } from "@bufbuild/protobuf/wkt";
import { upperSnakeOf } from "../model/names.js";
import type { NumberForm } from "../model/types.js";
import type { FieldType } from "./draft.js";

/** A type as one value of protobuf, never null. */
export interface Single {
  readonly type: FieldType;
  readonly jsonNumber: boolean;
  /** How names of wrappers call it. */
  readonly name: string;
  readonly previousName: string;
  readonly isWrapper: boolean;
}

export function numberOf(form: NumberForm): Single {
  switch (form) {
    case "double":
      return scalar(Scalar.DOUBLE, "Number");
    case "float":
      return scalar(Scalar.FLOAT, "Float");
    case "int32":
      return scalar(Scalar.INT32, "Int32");
    case "uint32":
      return scalar(Scalar.UINT32, "Uint32");
    case "int64":
      return { ...scalar(Scalar.INT64, "Int64"), jsonNumber: true };
    case "uint64":
      return { ...scalar(Scalar.UINT64, "Uint64"), jsonNumber: true };
  }
}

export function scalar(type: Scalar, name: string): Single {
  return {
    type: { kind: "scalar", scalar: type },
    jsonNumber: false,
    name,
    previousName: name,
    isWrapper: false,
  };
}

export function foreign(full: string, name: string): Single {
  const type = { kind: "message", name: full, foreign: true } as const;
  return { type, jsonNumber: false, name, previousName: name, isWrapper: false };
}

export const nullValue: FieldType = {
  kind: "enum",
  name: "google.protobuf.NullValue",
  foreign: true,
};
export const nullSingle: Single = {
  type: nullValue,
  jsonNumber: false,
  name: "Null",
  previousName: "Null",
  isWrapper: false,
};

/** The name of an enum's value, which is a name in the whole package: the enum's stands before it. */
export function enumValueName(enumName: string, name: string): string {
  const own = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(name) ? numberText(Number(name)) : name;
  const value = upperSnakeOf(own);
  return `${upperSnakeOf(enumName)}_${value === "UNSPECIFIED" ? "UNSPECIFIED_VALUE" : value}`;
}

export function numberText(value: number): string {
  return String(value)
    .replaceAll("-", "minus ")
    .replaceAll("+", "plus ")
    .replaceAll(".", " point ");
}

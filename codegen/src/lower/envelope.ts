// The fields that requests and responses have beside the value: always these names and numbers.

import { FieldDescriptorProto_Type as Scalar } from "@bufbuild/protobuf/wkt";
import { Operation } from "@perdure/proto/typed/v1/typed";
import type { DraftField, FieldForm, FieldType, Origin } from "./draft.js";
import { defaultJsonNameOf } from "../model/names.js";

export type EnvelopeName =
  | "key"
  | "input"
  | "idempotency_key"
  | "scope"
  | "limit_key"
  | "delay"
  | "output"
  | "invocation_id"
  | "newly_accepted"
  | "ready"
  | "execution_time";

interface EnvelopeField {
  readonly number: number;
  readonly type: FieldType;
  readonly presence: FieldForm["presence"];
  readonly text: string;
}

const string: FieldType = { kind: "scalar", scalar: Scalar.STRING };
const bool: FieldType = { kind: "scalar", scalar: Scalar.BOOL };
const duration: FieldType = { kind: "message", name: "google.protobuf.Duration", foreign: true };
const timestamp: FieldType = { kind: "message", name: "google.protobuf.Timestamp", foreign: true };

const fields: Readonly<Record<Exclude<EnvelopeName, "input" | "output">, EnvelopeField>> = {
  key: { number: 1, type: string, presence: "implicit", text: "" },
  idempotency_key: {
    number: 3,
    type: string,
    presence: "optional",
    text: "Requests with the same key are one invocation, for as long as it is retained.",
  },
  scope: {
    number: 4,
    type: string,
    presence: "optional",
    text: "",
  },
  limit_key: {
    number: 5,
    type: string,
    presence: "optional",
    text: "",
  },
  delay: { number: 6, type: duration, presence: "optional", text: "" },
  invocation_id: { number: 2, type: string, presence: "implicit", text: "" },
  newly_accepted: {
    number: 3,
    type: bool,
    presence: "implicit",
    text: "False: an earlier request started it.",
  },
  ready: {
    number: 4,
    type: bool,
    presence: "implicit",
    text: "False: it has not completed, and there is no output.",
  },
  execution_time: {
    number: 5,
    type: timestamp,
    presence: "optional",
    text: "",
  },
};

export function envelopeField(
  name: keyof typeof fields,
  operation: Operation,
  origin: Origin,
): DraftField {
  const { number, type, presence, text } = fields[name];
  const form = { type, presence, nullable: false, jsonNumber: false };
  const doc = { text: name === "delay" ? delayText(operation) : text };
  return { name, jsonName: defaultJsonNameOf(name), number, form, doc, origin };
}

function delayText(operation: Operation): string {
  return operation === Operation.SUBMIT
    ? "Starts it that much later."
    : "Starts it that much later and does not wait for it: answered once that is durable, without output.";
}

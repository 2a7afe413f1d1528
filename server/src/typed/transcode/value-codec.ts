// What there is to know of one kind of value, between its protobuf form and JSON.
//   C1. Reading makes JSON text, exactly as JSON.stringify would write the equal value.
//   C2. Writing takes what JSON.parse gave, and refuses what does not fit.

import type { WireType } from "@bufbuild/protobuf/wire";
import { Misfit } from "../transcode-error.js";
import type { Reading, Writing } from "./passage.js";

interface AnyCodec {
  /** Writes the element without its tag. @throws Misfit */
  write(to: Writing, json: unknown): void;
  /** By its JSON type, and by the constants of an object: in a union it is the one that is meant. */
  accepts(json: unknown): boolean;
}

export interface ScalarCodec extends AnyCodec {
  readonly kind: "scalar";
  readonly wireType: WireType;
  /** Reads one element, its tag aside. @throws Misfit */
  read(from: Reading): string;
  /** The JSON text of a field that is not on the wire and has no presence. Undefined: it must be given. */
  readonly zero: string | undefined;
  /** Where it must be given: what can be, for people. */
  readonly choices?: string;
  /** Whether the value is the one that is not written where the field has no presence. */
  isZero(json: unknown): boolean;
}

export interface MessageCodec extends AnyCodec {
  readonly kind: "message";
  /** Reads the content up to `end`. @throws Misfit */
  readContent(from: Reading, end: number): string;
  /** May stand for `undefined`: then it is absent and unset without being `optional`. */
  readonly mayBeAbsent: boolean;
}

export type ValueCodec = ScalarCodec | MessageCodec;

/** JSON's own: what JSON.parse makes of an object, which is no array and not null. */
export function isJsonObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** For messages to people: "a string", "null". */
export function jsonTypeOf(json: unknown): string {
  if (json === null) return "null";
  if (Array.isArray(json)) return "an array";
  switch (typeof json) {
    case "string":
      return "a string";
    case "number":
      return "a number";
    case "boolean":
      return "a boolean";
    case "undefined":
      return "nothing";
    default:
      return "an object";
  }
}

export function wrong(expected: string, json: unknown): Misfit {
  return new Misfit(`must be ${expected}, not ${jsonTypeOf(json)}`);
}

// Values whose JSON is the same for protobuf and for handlers: they go through the binary form, which checks them and
// puts their members in order, and need none of protobuf's own reading of JSON.

import type { JsonValue } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Misfit } from "./transcode-error.js";
import {
  fieldText,
  takeField,
  writeField,
  type FieldPlan,
  type Slot,
} from "./transcode/field-plan.js";
import { readTag, Reading, Writing } from "./transcode/passage.js";
import { checkWellFormed } from "./transcode/scalars.js";

/** Undefined: it is not what the strict way takes. */
export function plainText(plan: FieldPlan, json: unknown, text: string): string | undefined {
  const writer = new BinaryWriter();
  try {
    writeField(new Writing(writer, text, "refuse"), plan, json);
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
  return readBack(plan, writer.finish());
}

/** The JSON text of a field that was just written. */
export function readBack(plan: FieldPlan, bytes: Uint8Array): string | undefined {
  const from = new Reading(bytes);
  let slot: Slot;
  while (from.reader.pos < bytes.length) {
    slot = takeField(from, plan, readTag(from.reader) & 7, slot);
  }
  return fieldText(from, plan, slot);
}

/** Encoding would put other characters in the place of halves without a word. */
export function checkTexts(json: JsonValue): void {
  if (typeof json === "string") return checkWellFormed(json);
  if (typeof json !== "object" || json === null) return;
  for (const key of Object.keys(json)) checkWellFormed(key);
  for (const value of Object.values(json)) checkTexts(value);
}

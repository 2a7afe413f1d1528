// One field of a message: how its elements are taken from the wire, what JSON text they make, and back.
//   F1. As protobuf wants it: the last of a scalar counts, a message that comes in pieces is merged, repeated numbers
//       may be packed or not, the last entry of a map's key counts, setting one field of a oneof unsets the others.

import { WireType } from "@bufbuild/protobuf/wire";
import { Misfit } from "../transcode-error.js";
import { checkTextLength, cutOff, readTag, type Reading, type Writing } from "./passage.js";
import { checkWellFormed, readText } from "./scalars.js";
import { isJsonObject, type MessageCodec, type ValueCodec, wrong } from "./value-codec.js";

export interface FieldPlan {
  readonly number: number;
  /** The member's name, or the item's place in a tuple. Undefined: the field has no step of its own in JSON. */
  readonly step: string | number | undefined;
  readonly cardinality: "single" | "list" | "map";
  /** Of the field, or of the elements of a list, or of the values of a map. */
  readonly codec: ValueCodec;
  /**
   * "always": without presence, so it has its zero value where it is not on the wire. "needed": it must be on the
   * wire. "null", "absent": what it stands for where it is not.
   */
  readonly unset: "always" | "needed" | "null" | "absent";
  /** Repeated numbers are written packed. */
  readonly packed: boolean;
  /** Its oneof, as a number within the message; -1 for none. */
  readonly oneof: number;
}

/** What was taken of one field so far; undefined: nothing. Filled by `takeField`, told as JSON text by `fieldText`. */
export type Slot = string | Pieces | Items | Map<string, string> | undefined;

/** A message that is read when all of it is there. */
interface Pieces {
  readonly start: number;
  readonly end: number;
  more: Uint8Array[] | undefined;
}

interface Items {
  readonly texts: string[];
  length: number;
}

/** Splitting a message into more pieces than anybody would is a way to use up memory. */
const piecesMax = 1_000;

/** Reads one element of the field, whose tag was just read. */
export function takeField(from: Reading, field: FieldPlan, wireType: number, slot: Slot): Slot {
  switch (field.cardinality) {
    case "single":
      return takeSingle(from, field.codec, wireType, slot as string | Pieces | undefined);
    case "list":
      return takeItems(from, field.codec, wireType, slot as Items | undefined);
    case "map":
      return takeEntry(from, field.codec, wireType, slot as Map<string, string> | undefined);
  }
}

function takeSingle(
  from: Reading,
  codec: ValueCodec,
  wireType: number,
  slot: string | Pieces | undefined,
): string | Pieces {
  if (codec.kind === "scalar") {
    if (wireType !== codec.wireType) throw otherType();
    return codec.read(from);
  }
  if (wireType !== WireType.LengthDelimited) throw otherType();
  const end = from.end();
  const { reader } = from;
  const start = reader.pos;
  reader.pos = end;
  if (slot === undefined || typeof slot === "string") return { start, end, more: undefined };
  slot.more ??= [];
  if (slot.more.length === piecesMax) throw new Misfit("comes in too many pieces");
  slot.more.push(from.bytes.subarray(start, end));
  return slot;
}

function takeItems(
  from: Reading,
  codec: ValueCodec,
  wireType: number,
  slot: Items | undefined,
): Items {
  const items = slot ?? { texts: [], length: 0 };
  if (codec.kind === "scalar" && wireType !== codec.wireType) {
    if (wireType !== WireType.LengthDelimited) throw otherType();
    const end = from.end();
    while (from.reader.pos < end) takeItem(from, codec, items);
    if (from.reader.pos !== end) throw cutOff();
    return items;
  }
  if (codec.kind === "message" && wireType !== WireType.LengthDelimited) throw otherType();
  takeItem(from, codec, items);
  return items;
}

function takeItem(from: Reading, codec: ValueCodec, items: Items): void {
  from.at.push(items.texts.length);
  const text = codec.kind === "scalar" ? codec.read(from) : readMessage(from, codec, from.end());
  from.at.pop();
  items.length += text.length + 1;
  checkTextLength(items.length);
  items.texts.push(text);
}

const mapKeyTag = (1 << 3) | WireType.LengthDelimited;
const mapValueNumber = 2;

function takeEntry(
  from: Reading,
  codec: ValueCodec,
  wireType: number,
  slot: Map<string, string> | undefined,
): Map<string, string> {
  if (wireType !== WireType.LengthDelimited) throw otherType();
  const entries = slot ?? new Map<string, string>();
  const end = from.end();
  const { reader } = from;
  from.enter();
  let key = "";
  let value: string | Pieces | undefined;
  while (reader.pos < end) {
    const tag = readTag(reader);
    if (tag === mapKeyTag) {
      key = readText(reader);
    } else if (tag >>> 3 === mapValueNumber) {
      from.at.push(key);
      value = takeSingle(from, codec, tag & 7, value);
      from.at.pop();
    } else {
      reader.skip(tag & 7, tag >>> 3);
    }
  }
  if (reader.pos !== end) throw cutOff();
  from.at.push(key);
  entries.set(key, entryText(from, codec, value));
  from.at.pop();
  from.leave();
  return entries;
}

function entryText(from: Reading, codec: ValueCodec, value: string | Pieces | undefined): string {
  if (typeof value === "string") return value;
  if (value !== undefined) return piecesText(from, codec as MessageCodec, value);
  // An entry without a value has the default one.
  if (codec.kind === "message") return readMessage(from, codec, from.reader.pos);
  if (codec.zero === undefined) throw notGiven(codec);
  return codec.zero;
}

/** The JSON text of what was taken. Undefined: the member is absent. */
export function fieldText(from: Reading, field: FieldPlan, slot: Slot): string | undefined {
  if (typeof slot === "string") return slot;
  if (slot === undefined) return unsetText(field);
  if (slot instanceof Map) return entriesText(slot);
  if ("texts" in slot) return `[${slot.texts.join(",")}]`;
  return piecesText(from, field.codec as MessageCodec, slot);
}

function unsetText({ cardinality, unset, codec }: FieldPlan): string | undefined {
  if (cardinality === "list") return "[]";
  if (cardinality === "map") return "{}";
  switch (unset) {
    case "absent":
      return undefined;
    case "null":
      return "null";
    case "needed":
      throw notGiven(codec);
    case "always": {
      const zero = codec.kind === "scalar" ? codec.zero : undefined;
      if (zero === undefined) throw notGiven(codec);
      return zero;
    }
  }
}

const arrayIndex = /^(?:0|[1-9]\d{0,9})$/;

/** Keys that look like numbers stand first, by size: so it is in every JavaScript object. */
function entriesText(entries: ReadonlyMap<string, string>): string {
  let keys = [...entries.keys()];
  if (keys.some((key) => arrayIndex.test(key))) {
    const indexes = keys.filter((key) => isArrayIndex(key)).sort((a, b) => Number(a) - Number(b));
    keys = [...indexes, ...keys.filter((key) => !isArrayIndex(key))];
  }
  let text = "";
  for (const key of keys) {
    text += `${text === "" ? "{" : ","}${JSON.stringify(key)}:${entries.get(key) ?? ""}`;
    checkTextLength(text.length);
  }
  return text === "" ? "{}" : `${text}}`;
}

/** Whether JavaScript objects put a member of this name first. */
export function isArrayIndex(name: string): boolean {
  return arrayIndex.test(name) && Number(name) < 2 ** 32 - 1;
}

function piecesText(from: Reading, codec: MessageCodec, { start, end, more }: Pieces): string {
  const { reader } = from;
  const after = reader.pos;
  if (more === undefined) {
    reader.pos = start;
    const text = readMessage(from, codec, end);
    reader.pos = after;
    return text;
  }
  // One after the other, they are the bytes of the merged message.
  const pieces = [from.bytes.subarray(start, end), ...more];
  return from.merged(pieces, (length) => readMessage(from, codec, length));
}

function readMessage(from: Reading, codec: MessageCodec, end: number): string {
  from.enter();
  const text = codec.readContent(from, end);
  if (from.reader.pos !== end) throw cutOff();
  from.leave();
  return text;
}

// ---- writing

/** @param json  undefined: absent */
export function writeField(to: Writing, field: FieldPlan, json: unknown): void {
  const { codec, unset } = field;
  if (json === undefined) {
    if (unset === "absent") return;
    throw new Misfit("is missing");
  }
  if (json === null && unset === "null") return;
  switch (field.cardinality) {
    case "single":
      if (unset === "always" && codec.kind === "scalar" && codec.isZero(json)) return;
      writeElement(to, field.number, codec, json);
      break;
    case "list":
      writeItems(to, field, json);
      break;
    case "map":
      writeEntries(to, field, json);
      break;
  }
}

function writeElement(to: Writing, number: number, codec: ValueCodec, json: unknown): void {
  const { writer } = to;
  if (codec.kind === "scalar") {
    writer.uint32(((number << 3) | codec.wireType) >>> 0);
    codec.write(to, json);
    return;
  }
  writer.uint32(((number << 3) | WireType.LengthDelimited) >>> 0).fork();
  to.enter();
  codec.write(to, json);
  to.leave();
  writer.join();
}

function writeItems(to: Writing, { number, codec, packed }: FieldPlan, json: unknown): void {
  if (!Array.isArray(json)) throw wrong("an array", json);
  if (json.length === 0) return;
  const { writer, at } = to;
  const place = at.length;
  if (packed) writer.uint32(((number << 3) | WireType.LengthDelimited) >>> 0).fork();
  for (let index = 0; index < json.length; index++) {
    at[place] = index;
    if (packed) codec.write(to, json[index]);
    else writeElement(to, number, codec, json[index]);
  }
  at.length = place;
  if (packed) writer.join();
}

function writeEntries(to: Writing, { number, codec }: FieldPlan, json: unknown): void {
  if (!isJsonObject(json)) throw wrong("an object", json);
  const { writer, at } = to;
  for (const key of Object.keys(json)) {
    at.push(key);
    if (to.mayBeIllFormed) checkWellFormed(key);
    writer.uint32(((number << 3) | WireType.LengthDelimited) >>> 0).fork();
    to.enter();
    writer.uint32(mapKeyTag).string(key);
    writeElement(to, mapValueNumber, codec, json[key]);
    to.leave();
    writer.join();
    at.pop();
  }
}

function notGiven(codec: ValueCodec): Misfit {
  const choices = codec.kind === "scalar" ? codec.choices : undefined;
  return new Misfit(choices === undefined ? "must be given" : `must be given: ${choices}`);
}

function otherType(): Misfit {
  return new Misfit("is of another type on the wire than in the contract");
}

// Codecs of messages, one for each shape that they have as JSON: object, list, map, tuple, union, nullable.

import type { DescMessage } from "@bufbuild/protobuf";
import { Misfit } from "../transcode-error.js";
import {
  fieldText,
  isArrayIndex,
  takeField,
  writeField,
  type FieldPlan,
  type Slot,
} from "./field-plan.js";
import { checkTextLength, readTag, type Reading, type Writing } from "./passage.js";
import { isJsonObject, jsonTypeOf, type MessageCodec, wrong } from "./value-codec.js";

/** A member that the JSON object always has, and that is no field. */
export interface ConstantMember {
  readonly name: string;
  readonly value: string | number | boolean | null;
}

/** The fields of a message, found by their numbers. */
export class FieldTable {
  readonly fields: readonly FieldPlan[];
  readonly #places: ReadonlyMap<number, number>;
  readonly #unset: readonly Slot[];

  constructor(fields: readonly FieldPlan[]) {
    this.fields = fields;
    this.#unset = fields.map(() => undefined);
    this.#places = new Map(fields.map((field, place) => [field.number, place]));
  }

  /** Takes everything up to `end`. Slots stand in the order of the fields. */
  take(from: Reading, end: number): Slot[] {
    const { fields } = this;
    from.look(fields.length);
    const slots = this.#unset.slice();
    const { reader, at } = from;
    // By oneof: the place of the field that is set.
    const set: number[] = [];
    while (reader.pos < end) {
      const tag = readTag(reader);
      const place = this.#places.get(tag >>> 3);
      const field = place === undefined ? undefined : fields[place];
      if (place === undefined || field === undefined) {
        reader.skip(tag & 7, tag >>> 3);
        continue;
      }
      if (field.oneof !== -1) {
        const other = set[field.oneof];
        if (other !== undefined && other !== place) slots[other] = undefined;
        set[field.oneof] = place;
      }
      if (field.step !== undefined) at.push(field.step);
      slots[place] = takeField(from, field, tag & 7, slots[place]);
      if (field.step !== undefined) at.pop();
    }
    return slots;
  }
}

/** Where fields refer to the message that is being compiled, its codec must be there before its fields are. */
export type FieldsOf = () => FieldTable;

function stepText(from: Reading, field: FieldPlan, slot: Slot): string | undefined {
  if (field.step !== undefined) from.at.push(field.step);
  const text = fieldText(from, field, slot);
  if (field.step !== undefined) from.at.pop();
  return text;
}

function writeStep(to: Writing, field: FieldPlan, json: unknown): void {
  if (field.step !== undefined) to.at.push(field.step);
  writeField(to, field, json);
  if (field.step !== undefined) to.at.pop();
}

// ---- object

interface WrittenMember {
  /** With its quotes and colon. */
  readonly key: string;
  readonly index: number;
  /** JSON text of a constant; undefined: a field. */
  readonly constant: string | undefined;
}

export function objectCodec(
  fieldsOf: FieldsOf,
  constants: readonly ConstantMember[],
  typeName: string,
): MessageCodec {
  let members: readonly WrittenMember[] | undefined;
  const hasConstants = (json: Record<string, unknown>): boolean =>
    constants.every(({ name, value }) => ownMember(json, name) === value);
  return {
    kind: "message",
    mayBeAbsent: false,
    readContent(from, end) {
      const table = fieldsOf();
      const { fields } = table;
      members ??= membersInOrder(constants, fields);
      const slots = table.take(from, end);
      let text = "";
      for (const { key, constant, index } of members) {
        const field = fields[index];
        const value = field === undefined ? constant : stepText(from, field, slots[index]);
        if (value !== undefined) text += (text === "" ? "{" : ",") + key + value;
      }
      checkTextLength(text.length);
      return text === "" ? "{}" : text + "}";
    },
    write(to, json) {
      if (!isJsonObject(json)) throw wrong("an object", json);
      for (const { name, value } of constants) {
        if (ownMember(json, name) === value) continue;
        to.at.push(name);
        throw new Misfit(`must be ${JSON.stringify(value)}, as every ${typeName} has it`);
      }
      const { fields } = fieldsOf();
      to.look(fields.length);
      let known = constants.length;
      for (const field of fields) {
        const member = ownMember(json, field.step as string);
        if (member !== undefined) known++;
        writeStep(to, field, member);
      }
      if (to.isExact && known !== Object.keys(json).length) {
        throw new Misfit(`has members that ${typeName} does not know`);
      }
    },
    accepts: (json) => isJsonObject(json) && hasConstants(json),
  };
}

/** Names such as "constructor" are of every object: they must be the value's own. */
function ownMember(json: Record<string, unknown>, name: string): unknown {
  const value = json[name];
  return value === undefined || Object.hasOwn(json, name) ? value : undefined;
}

/** As JSON.stringify has them: names that look like array indexes first. */
function membersInOrder(
  constants: readonly ConstantMember[],
  fields: readonly FieldPlan[],
): readonly WrittenMember[] {
  const members = [
    ...constants.map(({ name, value }) => ({ name, index: -1, constant: JSON.stringify(value) })),
    ...fields.map((field, index) => ({
      name: String(field.step),
      index,
      constant: undefined,
    })),
  ];
  const indexes = members
    .filter(({ name }) => isArrayIndex(name))
    .sort((a, b) => Number(a.name) - Number(b.name));
  return [...indexes, ...members.filter(({ name }) => !isArrayIndex(name))].map(
    ({ name, index, constant }) => ({ key: `${JSON.stringify(name)}:`, index, constant }),
  );
}

// ---- the message's only field alone: lists, maps, values or null

export function loneFieldCodec(
  fieldsOf: FieldsOf,
  accepts: (json: unknown) => boolean,
): MessageCodec {
  return {
    kind: "message",
    mayBeAbsent: false,
    readContent(from, end) {
      const table = fieldsOf();
      const [slot] = table.take(from, end);
      const [field] = table.fields;
      return field === undefined ? "null" : (fieldText(from, field, slot) ?? "null");
    },
    write(to, json) {
      const [field] = fieldsOf().fields;
      if (field !== undefined) writeField(to, field, json);
    },
    accepts,
  };
}

// ---- tuple

export function tupleCodec(fieldsOf: FieldsOf): MessageCodec {
  return {
    kind: "message",
    mayBeAbsent: false,
    readContent(from, end) {
      const table = fieldsOf();
      const slots = table.take(from, end);
      const items = table.fields.map((field, place) => stepText(from, field, slots[place]));
      // Optional items are at the end; what is absent before another one is null in every array of JSON.
      while (items.length > 0 && items.at(-1) === undefined) items.pop();
      const text = `[${items.map((item) => item ?? "null").join(",")}]`;
      checkTextLength(text.length);
      return text;
    },
    write(to, json) {
      const { fields } = fieldsOf();
      if (!Array.isArray(json)) throw wrong("an array", json);
      if (json.length > fields.length) {
        throw new Misfit(`must have ${fields.length} items, not ${json.length}`);
      }
      for (const [place, field] of fields.entries()) {
        const item: unknown = json[place];
        const isAbsent = field.unset === "absent" && item === null && !acceptsNull(field);
        writeStep(to, field, isAbsent ? undefined : item);
      }
    },
    accepts: (json) => Array.isArray(json),
  };
}

function acceptsNull({ cardinality, codec }: FieldPlan): boolean {
  return cardinality === "single" && codec.accepts(null);
}

// ---- union

/** @param desc  for errors */
export function unionCodec(
  fieldsOf: FieldsOf,
  { name: typeName, fields }: DescMessage,
  mayBeAbsent: boolean,
): MessageCodec {
  return {
    kind: "message",
    mayBeAbsent,
    readContent(from, end) {
      const table = fieldsOf();
      const slots = table.take(from, end);
      const place = slots.findIndex((slot) => slot !== undefined);
      const field = table.fields[place];
      if (field === undefined) {
        const names = fields.map(({ jsonName }) => jsonName).join(", ");
        throw new Misfit(`must be given: no field of ${typeName} is set, which has ${names}`);
      }
      return fieldText(from, field, slots[place]) ?? "null";
    },
    write(to, json) {
      const field = fieldsOf().fields.find(({ codec }) => codec.accepts(json));
      if (field !== undefined) return writeField(to, field, json);
      throw new Misfit(`is ${jsonTypeOf(json)} that is none of what ${typeName} can be`);
    },
    accepts: (json) => fieldsOf().fields.some(({ codec }) => codec.accepts(json)),
  };
}

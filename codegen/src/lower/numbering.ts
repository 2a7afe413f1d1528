// Numbers of fields and of enum values.
//   N1. A number, once given to a field, never means another one: what is there keeps its number, what is new gets one
//       that nobody ever had, what is gone stays reserved for ever.
//   N2. A field whose type is another one now is another field: it gets a new number, and the old one is reserved.
//   N3. Members that say `@renamedFrom` go on with the number of the old name.
//   N4. A message that is gone is forgotten: when it comes back, it counts from 1.

import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Scalar,
} from "@bufbuild/protobuf/wkt";
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import type { DraftEnum, DraftField, DraftMessage } from "./draft.js";
import { lowerSnakeOf } from "../model/names.js";

export interface Numbering {
  /** By the names of fields or values. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Both ends included; in order, none touches the next. */
  readonly reserved: readonly (readonly [first: number, last: number])[];
  /** In code point order. */
  readonly reservedNames: readonly string[];
}

/** What a type of the package was called in the previous output. */
export type PreviousName = (name: string) => string;

/** Protobuf's own numbers. */
const ownFirst = 19_000;
const ownLast = 19_999;

export function numberFields(
  message: DraftMessage,
  previous: DescriptorProto | undefined,
  packageName: string,
  previousName: PreviousName,
): Numbering {
  const fixed = new Map(
    message.fields.flatMap(({ name, number }) => (number === undefined ? [] : [[name, number]])),
  );
  if (fixed.size > 0) return { numbers: fixed, reserved: [], reservedNames: [] };
  const before = previous?.field ?? [];
  const kept = new Map<string, number>();
  const matched = new Set<FieldDescriptorProto>();
  // A name that is still there is that field; only then may renamed ones take what is left.
  for (const renaming of [false, true]) {
    for (const field of message.fields) {
      if (kept.has(field.name)) continue;
      const there = before.find((one) => !matched.has(one) && isNamed(one, field, renaming));
      if (there === undefined || !hasType(there, field, previous, packageName, previousName))
        continue;
      matched.add(there);
      kept.set(field.name, there.number);
    }
  }
  return complete(
    message.fields.map(({ name }) => name),
    kept,
    before,
    (previous?.reservedRange ?? []).map(({ start, end }) => [start, end - 1]),
    previous?.reservedName ?? [],
    before.filter((one) => isRenamedTo(one, message.fields)).map(({ name }) => name),
    1,
  );
}

export function numberValues(
  one: DraftEnum,
  previous: EnumDescriptorProto | undefined,
  jsonOf: (value: EnumDescriptorProto["value"][number]) => string | number | undefined,
): Numbering {
  const before = (previous?.value ?? []).filter(({ number }) => number !== 0);
  const kept = new Map<string, number>();
  const matched = new Set<(typeof before)[number]>();
  const rules: ((there: (typeof before)[number], value: DraftEnum["values"][number]) => boolean)[] =
    [
      (there, value) => there.name === value.name,
      (there, value) => there.name === value.previousName,
      // The value that JSON has is the same: its name alone is another one.
      (there, value) => jsonOf(there) === value.value,
    ];
  for (const rule of rules) {
    for (const value of one.values) {
      if (kept.has(value.name)) continue;
      const there = before.find((other) => !matched.has(other) && rule(other, value));
      if (there === undefined) continue;
      matched.add(there);
      kept.set(value.name, there.number);
    }
  }
  return complete(
    one.values.map(({ name }) => name),
    kept,
    before,
    (previous?.reservedRange ?? []).map(({ start, end }) => [start, end]),
    previous?.reservedName ?? [],
    [...matched].map(({ name }) => name),
    1,
  );
}

/** Numbers for those that have none yet, and everything that was ever used as reserved. */
function complete(
  names: readonly string[],
  kept: ReadonlyMap<string, number>,
  before: readonly { readonly name: string; readonly number: number }[],
  reservedBefore: readonly (readonly [number, number])[],
  namesBefore: readonly string[],
  renamed: readonly string[],
  first: number,
): Numbering {
  const used = [...before.map(({ number }) => number), ...reservedBefore.map(([, last]) => last)];
  const numbers = new Map<string, number>();
  let next = used.reduce((most, number) => Math.max(most, number + 1), first);
  for (const name of names) {
    const number = kept.get(name);
    if (number === undefined && next >= ownFirst && next <= ownLast) next = ownLast + 1;
    numbers.set(name, number ?? next++);
  }
  const live = new Set(numbers.values());
  const gone = before.filter(({ number }) => !live.has(number));
  const goneNames = gone.map(({ name }) => name).filter((name) => !renamed.includes(name));
  return {
    numbers,
    reserved: joinedRanges([
      ...reservedBefore,
      ...gone.map(({ number }) => [number, number] as const),
    ]),
    reservedNames: [...new Set([...namesBefore, ...goneNames])]
      .filter((name) => !numbers.has(name))
      .toSorted(),
  };
}

/** Ranges in order, neighbours as one. */
function joinedRanges(
  ranges: readonly (readonly [number, number])[],
): (readonly [number, number])[] {
  const joined: [number, number][] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const open = joined.at(-1);
    if (open !== undefined && first <= open[1] + 1) open[1] = Math.max(open[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

function isNamed(there: FieldDescriptorProto, field: DraftField, renaming: boolean): boolean {
  if (!renaming) return there.name === field.name;
  const { renamedFrom } = field;
  if (renamedFrom === undefined) return false;
  return there.jsonName === renamedFrom || there.name === lowerSnakeOf(renamedFrom);
}

function isRenamedTo(there: FieldDescriptorProto, fields: readonly DraftField[]): boolean {
  return fields.some((field) => isNamed(there, field, true));
}

/** It is still read and written as before; whether it must be there is not the type's matter. */
function hasType(
  there: FieldDescriptorProto,
  { form }: DraftField,
  message: DescriptorProto | undefined,
  packageName: string,
  previousName: PreviousName,
): boolean {
  const entry = message?.nestedType.find(
    ({ name, options }) =>
      options?.mapEntry === true && there.typeName === `.${packageName}.${message.name}.${name}`,
  );
  if ((entry !== undefined) !== (form.presence === "map")) return false;
  const value = entry?.field.find(({ number }) => number === 2) ?? there;
  const isRepeated = entry === undefined && there.label === Label.REPEATED;
  if (isRepeated !== (form.presence === "repeated")) return false;
  const { type } = form;
  if (type.kind === "scalar") return value.type === type.scalar;
  if (value.type !== (type.kind === "enum" ? Scalar.ENUM : Scalar.MESSAGE)) return false;
  if (type.foreign) return value.typeName === `.${type.name}`;
  return (
    value.typeName === `.${packageName}.${type.name}` ||
    value.typeName === `.${packageName}.${previousName(type.name)}`
  );
}

// What a change of protobuf messages means for callers with generated clients: the rules of `buf breaking` (FILE and
// WIRE_JSON) for a handler's request and response, in words of its input and output.
//   D1. Numbers, types, cardinality, JSON names, oneofs, names and numbers of enum values stay.
//   D2. What is removed leaves its number reserved. An output's field that was always there stays.
//   D3. A new field of an input may be left out.
//   D4. Names of message types only matter when code is generated anew: told, and harmless.

import {
  getOption,
  hasOption,
  type DescEnum,
  type DescField,
  type DescMessage,
} from "@bufbuild/protobuf";
import { message as messageForm, Shape } from "@perdure/proto/typed/v1/typed";
import {
  effortMax,
  spend,
  tellOnce,
  TooMuch,
  type Direction,
  type Effort,
  type TypeChange,
} from "./type-change.js";

/**
 * The changes of a request or a response.
 * @param effort  what the comparison takes is taken from it
 */
export function messageChanges(
  before: DescMessage,
  after: DescMessage,
  direction: Direction,
  effort: Effort = { left: effortMax },
): TypeChange[] {
  const comparison: Comparison = {
    isInput: direction === "input",
    seen: new Set(),
    effort,
    changes: [],
  };
  try {
    compareMessages(comparison, before, after, "");
  } catch (error) {
    if (!(error instanceof TooMuch) && !(error instanceof RangeError)) throw error;
    const text = "changed its protobuf type, in more places than can be compared";
    return [{ path: direction, text, breaksCallers: true }];
  }
  return comparison.changes;
}

interface Comparison {
  readonly isInput: boolean;
  /** Pairs of type names that were compared: recursive types end here. */
  readonly seen: Set<string>;
  readonly effort: Effort;
  readonly changes: TypeChange[];
}

function tell(at: Comparison, path: string, text: string, breaksCallers: boolean): void {
  tellOnce(at.changes, { path, text, breaksCallers });
}

function compareMessages(
  at: Comparison,
  before: DescMessage,
  after: DescMessage,
  path: string,
): void {
  const pair = `${before.typeName} ${after.typeName}`;
  if (at.seen.has(pair)) return;
  at.seen.add(pair);
  spend(at.effort, 1 + before.fields.length + after.fields.length);
  const form = formOf(before);
  if (form !== formOf(after)) {
    return tell(at, path, "looks different as JSON: it is another kind of type now", true);
  }
  if (path !== "" && before.typeName !== after.typeName) {
    tell(at, path, `has the message type ${after.typeName} now, and had ${before.typeName}`, false);
  }
  const isTransparent = form.startsWith("shape");
  const placeOf = (field: DescField): string => {
    if (isTransparent) return path;
    return path === "" ? field.jsonName : `${path}.${field.jsonName}`;
  };
  const [was, is] = [indexOf(before), indexOf(after)];
  for (const field of before.fields) compareField(at, field, is, placeOf(field), placeOf);
  for (const field of after.fields) {
    if (was.byNumber.has(field.number) || was.byName.has(field.name)) continue;
    if (isUnion(after)) {
      const text = at.isInput ? "takes" : "may be";
      tell(at, placeOf(field), `${text} the variant ${field.jsonName} now`, !at.isInput);
      continue;
    }
    const mustBe = at.isInput && isAlwaysThere(field) && !isTransparent;
    tell(at, placeOf(field), mustBe ? "is new and must be there" : "is new", mustBe);
  }
}

interface FieldIndex {
  readonly message: DescMessage;
  readonly byNumber: ReadonlyMap<number, DescField>;
  readonly byName: ReadonlyMap<string, DescField>;
}

function indexOf(message: DescMessage): FieldIndex {
  return {
    message,
    byNumber: new Map(message.fields.map((field) => [field.number, field])),
    byName: new Map(message.fields.map((field) => [field.name, field])),
  };
}

/** How the message looks as JSON, as text that can be compared. */
function formOf(desc: DescMessage): string {
  if (!hasOption(desc, messageForm)) return "";
  const { shape, constants } = getOption(desc, messageForm);
  const values = constants.map(({ name, json }) => `${name}=${json}`).toSorted();
  const isWrapper = shape !== Shape.UNSPECIFIED && shape !== Shape.TUPLE;
  return [...(isWrapper ? [`shape ${shape}`] : []), `${shape}`, ...values].join(" ");
}

function isUnion(desc: DescMessage): boolean {
  return hasOption(desc, messageForm) && getOption(desc, messageForm).shape === Shape.UNION;
}

function compareField(
  at: Comparison,
  field: DescField,
  { message, byNumber, byName }: FieldIndex,
  place: string,
  placeOf: (field: DescField) => string,
): void {
  const after = byNumber.get(field.number);
  if (after === undefined) {
    const moved = byName.get(field.name);
    if (moved !== undefined) {
      const types = [typeText(field), typeText(moved)];
      const why =
        types[0] === types[1] ? "" : `: it was ${types[0] ?? ""} and is ${types[1] ?? ""} now`;
      tell(
        at,
        place,
        `has the field number ${moved.number} now, and had ${field.number}${why}`,
        true,
      );
    } else if (!isReserved(message, field)) {
      tell(at, place, `is gone, and its field number ${field.number} is not reserved`, true);
    } else if (isUnion(message)) {
      // Who still sends it sends nothing that can be read, and a value must be there.
      const text = at.isInput ? "does not take" : "is not";
      tell(at, place, `${text} the variant ${field.jsonName} any more`, at.isInput);
    } else if (at.isInput) {
      tell(at, place, "is not read any more", false);
    } else {
      const wasThere = isAlwaysThere(field);
      tell(at, place, wasThere ? "is gone" : "is gone; it was optional", wasThere);
    }
    return;
  }
  if (field.jsonName !== after.jsonName) {
    const text = isUnion(message)
      ? `has the variant ${after.jsonName} now, where ${field.jsonName} was`
      : `was renamed to ${placeOf(after)}`;
    tell(at, place, text, true);
  }
  if (field.fieldKind !== after.fieldKind || scalarText(field) !== scalarText(after)) {
    return tell(at, place, `was ${typeText(field)} and is ${typeText(after)} now`, true);
  }
  const [was, is] = [field, after].map(isAlwaysThere);
  if (was !== is) {
    if (is === true)
      tell(at, place, `${at.isInput ? "must" : "will"} always be there now`, at.isInput);
    else tell(at, place, "may be left out now", !at.isInput);
  }
  if (oneofOf(field) !== oneofOf(after)) {
    tell(at, place, "is in another oneof now, or in none", true);
  }
  const inner = `${place}${field.fieldKind === "list" ? "[]" : field.fieldKind === "map" ? "{}" : ""}`;
  if (field.message !== undefined && after.message !== undefined) {
    const { typeName } = field.message;
    const isWellKnown = typeName.startsWith("google.protobuf.");
    if (!isWellKnown && !after.message.typeName.startsWith("google.protobuf.")) {
      compareMessages(at, field.message, after.message, inner);
    } else if (typeName !== after.message.typeName) {
      tell(at, inner, `was ${typeText(field)} and is ${typeText(after)} now`, true);
    }
  }
  if (field.enum !== undefined && after.enum !== undefined) {
    compareEnums(at, field.enum, after.enum, inner);
  }
}

function compareEnums(at: Comparison, before: DescEnum, after: DescEnum, path: string): void {
  spend(at.effort, before.values.length + after.values.length);
  // Of several names of one number the first is the one that counts.
  const byNumber = new Map(after.values.toReversed().map((value) => [value.number, value]));
  for (const value of before.values) {
    const now = byNumber.get(value.number);
    if (now === undefined) {
      const isReserved = after.proto.reservedRange.some(
        ({ start, end }) => start <= value.number && value.number <= end,
      );
      // Who still sends it is refused; who never gets it is not harmed.
      const text = isReserved
        ? `has no value ${value.name} any more`
        : `has no value ${value.name} any more, and its number ${value.number} is not reserved`;
      tell(at, path, text, at.isInput || !isReserved);
    } else if (now.name !== value.name) {
      tell(at, path, `has the value ${now.name} now, where ${value.name} was`, true);
    }
  }
}

/** Reserved ranges of messages end before `end`. */
function isReserved({ proto }: DescMessage, { number }: DescField): boolean {
  return proto.reservedRange.some(({ start, end }) => start <= number && number < end);
}

/** A value without it can't be. Lists and maps may be empty. */
function isAlwaysThere(field: DescField): boolean {
  if (field.fieldKind === "list" || field.fieldKind === "map") return false;
  return !field.proto.proto3Optional && field.oneof === undefined;
}

/** `optional` has a oneof of its own, which is none. */
function oneofOf(field: DescField): string | undefined {
  return field.proto.proto3Optional ? undefined : field.oneof?.name;
}

const scalarNames: Readonly<Record<number, string>> = {
  1: "double",
  2: "float",
  3: "int64",
  4: "uint64",
  5: "int32",
  8: "bool",
  9: "string",
  12: "bytes",
  13: "uint32",
};

/** Types that are no messages and no enums; those are compared by what they have. */
function scalarText(field: DescField): string {
  if (field.fieldKind === "map") return `${field.mapKey} ${field.mapKind} ${field.scalar ?? ""}`;
  if (field.fieldKind === "list") return `${field.listKind} ${field.scalar ?? ""}`;
  return String(field.scalar ?? "");
}

function typeText(field: DescField): string {
  const { scalar } = field;
  const name =
    scalar === undefined
      ? (field.message?.typeName ?? field.enum?.typeName ?? "")
      : (scalarNames[scalar] ?? `scalar type ${scalar}`);
  if (field.fieldKind === "list") return `a list of ${name}`;
  return field.fieldKind === "map" ? `a map to ${name}` : name;
}

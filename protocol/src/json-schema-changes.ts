// What a change of a JSON Schema means for those who write the value (input) or read it (output).
//   C1. An input may become wider, never narrower; an output narrower, never wider.
//   C2. Members that nobody knows are ignored: a new member of an output breaks nobody, and neither does an input's
//       member that is not read any more, unless the schema refuses unknown members.
//   C3. Enums are open: a new value of an output is told, and counts as harmless, as in protobuf. null is no such value.
//   C4. A schema that appears or disappears as a whole says nothing of the values: it is told, and harmless.
//   C5. What can't be judged (`allOf`, `not`, `patternProperties`, …) breaks callers where it changed.

import {
  constantsOf,
  formText,
  isSchema,
  kindOf,
  takesLiteral,
  variantsOf,
  type JsonSchema,
} from "./json-schema-variants.js";
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
 * @param before  JSON text; empty: none
 * @param after   JSON text; empty: none
 * @param effort  what the comparison takes is taken from it
 */
export function schemaChanges(
  before: string,
  after: string,
  direction: Direction,
  effort: Effort = { left: effortMax },
): TypeChange[] {
  if (before === after) return [];
  const told = (text: string, breaksCallers: boolean): TypeChange[] => [
    { path: direction, text, breaksCallers },
  ];
  if (before === "") return told("has a JSON schema now", false);
  if (after === "") return told("has no JSON schema any more", false);
  let roots: unknown[];
  try {
    roots = [JSON.parse(before), JSON.parse(after)];
  } catch {
    return told("changed its JSON schema", true);
  }
  const [from, to] = roots;
  const comparison: Comparison = {
    from: isSchema(from) ? from : {},
    to: isSchema(to) ? to : {},
    isInput: direction === "input",
    seen: new Set(),
    compared: new WeakMap(),
    effort,
    depth: 0,
    changes: [],
  };
  try {
    compare(comparison, from, to, direction);
  } catch (error) {
    if (error instanceof TooMuch) {
      return told("changed its JSON schema, in more places than can be compared", true);
    }
    // Of a form that nobody writes, such as a reference that is no URI.
    return told("changed its JSON schema", true);
  }
  return comparison.changes;
}

interface Comparison {
  readonly from: JsonSchema;
  readonly to: JsonSchema;
  readonly isInput: boolean;
  /** Pairs of references that were compared: recursive types end here. */
  readonly seen: Set<string>;
  /** Pairs of forms that were compared, for those that stand between references. */
  readonly compared: WeakMap<JsonSchema, WeakSet<JsonSchema>>;
  readonly effort: Effort;
  depth: number;
  readonly changes: TypeChange[];
}

function tell(at: Comparison, path: string, text: string, breaksCallers: boolean): void {
  tellOnce(at.changes, { path, text, breaksCallers });
}

function compare(at: Comparison, before: unknown, after: unknown, path: string): void {
  if (isSchema(before) && isSchema(after)) {
    const { $ref: from } = before;
    const { $ref: to } = after;
    if (typeof from === "string" && typeof to === "string") {
      const pair = `${from} ${to}`;
      if (at.seen.has(pair)) return;
      at.seen.add(pair);
    }
  }
  const [a, b] = [variantsOf(before, at.from), variantsOf(after, at.to)];
  spend(at.effort, 1 + a.forms.length + b.forms.length + a.literals.size + b.literals.size);
  if (a.isAny && b.isAny) return;
  if (a.isAny) return tell(at, path, `could be anything and is ${textOf(b)} now`, at.isInput);
  if (b.isAny) return tell(at, path, `was ${textOf(a)} and can be anything now`, !at.isInput);
  const kindsBefore = new Set(a.forms.map(kindOf));
  const kindsAfter = new Set(b.forms.map(kindOf));
  const gone = [...a.literals].filter(
    (one) => !b.literals.has(one) && !takesLiteral(kindsAfter, one),
  );
  const come = [...b.literals].filter(
    (one) => !a.literals.has(one) && !takesLiteral(kindsBefore, one),
  );
  const isEnum = [...a.literals].some((one) => one !== "null");
  const { lost, found } = compareForms(at, a.forms, b.forms, path);
  const was = [...lost.map(formText), ...gone];
  const is = [...found.map(formText), ...come];
  const isReplaced = lost.length > 0 && found.length > 0;
  if (isReplaced && was.length === 1 && is.length === 1) {
    return compareReplaced(at, lost[0] ?? {}, found[0] ?? {}, path);
  }
  if (was.length > 0) {
    const text = at.isInput ? "does not take" : "is not";
    // A string that may only be one of some now is told by what is left of it.
    const left =
      lost.length > 0 && b.literals.size > a.literals.size
        ? `, only ${[...b.literals].join(", ")}`
        : "";
    tell(at, path, `${text} ${was.join(" or ")} any more${left}`, at.isInput);
  }
  if (is.length > 0) {
    const breaks = found.length > 0 || come.includes("null") || !isEnum;
    const text = at.isInput ? "takes" : "may be";
    tell(at, path, `${text} ${is.join(" or ")} now`, !at.isInput && breaks);
  }
}

function textOf({
  literals,
  forms,
}: {
  readonly literals: ReadonlySet<string>;
  readonly forms: readonly JsonSchema[];
}): string {
  return [...forms.map(formText), ...literals].join(" or ") || "nothing";
}

function compareReplaced(at: Comparison, was: JsonSchema, is: JsonSchema, path: string): void {
  const kinds = [kindOf(was), kindOf(is)];
  const isWider = kinds[0] === "integer" && kinds[1] === "number";
  const isNarrower = kinds[0] === "number" && kinds[1] === "integer";
  const isHarmless = at.isInput ? isWider : isNarrower;
  tell(at, path, `was ${formText(was)} and is ${formText(is)} now`, !isHarmless);
}

interface Unmatched {
  readonly lost: readonly JsonSchema[];
  readonly found: readonly JsonSchema[];
}

/** Forms of one kind and with equal constants are the same one; the only ones left of a kind, too. */
function compareForms(
  at: Comparison,
  before: readonly JsonSchema[],
  after: readonly JsonSchema[],
  path: string,
): Unmatched {
  const lost: JsonSchema[] = [];
  const open = new Set(after);
  const sameKey = grouped(after, keyOf);
  const later: JsonSchema[] = [];
  for (const form of before) {
    const same = sameKey.get(keyOf(form))?.shift();
    if (same === undefined) {
      later.push(form);
      continue;
    }
    open.delete(same);
    compareForm(at, form, same, path);
  }
  const [kindsBefore, kindsAfter] = [grouped(before, kindOf), grouped(after, kindOf)];
  for (const form of later) {
    const [only, ...others] = kindsAfter.get(kindOf(form)) ?? [];
    const isOnly = kindsBefore.get(kindOf(form))?.length === 1 && others.length === 0;
    if (isOnly && only !== undefined && open.delete(only)) compareForm(at, form, only, path);
    else lost.push(form);
  }
  return { lost, found: [...open] };
}

/** In their order. */
function grouped(
  forms: readonly JsonSchema[],
  by: (form: JsonSchema) => string,
): Map<string, JsonSchema[]> {
  const groups = new Map<string, JsonSchema[]>();
  for (const form of forms) {
    const key = by(form);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [form]);
    else group.push(form);
  }
  return groups;
}

function keyOf(form: JsonSchema): string {
  const constants = [...constantsOf(form)].map((pair) => pair.join("="));
  return [kindOf(form), ...constants.toSorted()].join(" ");
}

/** Deeper than any value that a handler takes. */
const depthMax = 100;

function compareForm(at: Comparison, before: JsonSchema, after: JsonSchema, path: string): void {
  const others = at.compared.get(before) ?? new WeakSet();
  if (others.has(after)) return;
  at.compared.set(before, others.add(after));
  if (at.depth >= depthMax) {
    tell(at, path, "is nested too deep to be compared", true);
    return;
  }
  at.depth++;
  compareSame(at, before, after, path);
  at.depth--;
}

function compareSame(at: Comparison, before: JsonSchema, after: JsonSchema, path: string): void {
  if (kindOf(before) === "object") compareObjects(at, before, after, path);
  if (kindOf(before) === "array") compareArrays(at, before, after, path);
  compareBounds(at, before, after, path);
  for (const word of unjudged) {
    if (canonical(before[word]) !== canonical(after[word])) {
      tell(at, path, `changed "${word}" of its JSON schema`, true);
    }
  }
}

function compareObjects(at: Comparison, before: JsonSchema, after: JsonSchema, path: string): void {
  const [was, is] = [membersOf(before), membersOf(after)];
  for (const [name, member] of was) {
    const now = is.get(name);
    const place = `${path}.${name}`;
    if (now === undefined) {
      compareGone(at, member, after["additionalProperties"], place);
      continue;
    }
    if (!member.isRequired && now.isRequired) {
      tell(at, place, `${at.isInput ? "must" : "will"} always be there now`, at.isInput);
    } else if (member.isRequired && !now.isRequired) {
      tell(at, place, "may be left out now", !at.isInput);
    }
    compare(at, member.schema, now.schema, place);
  }
  for (const [name, { isRequired }] of is) {
    if (was.has(name)) continue;
    const mustBe = at.isInput && isRequired;
    tell(at, `${path}.${name}`, mustBe ? "is new and must be there" : "is new", mustBe);
  }
  compareOthers(at, before["additionalProperties"], after["additionalProperties"], path);
}

function compareGone(at: Comparison, member: SchemaMember, others: unknown, place: string): void {
  if (at.isInput) {
    const isRefused = others === false;
    tell(at, place, isRefused ? "is not taken any more" : "is not read any more", isRefused);
  } else {
    tell(at, place, member.isRequired ? "is gone" : "is gone; it was optional", member.isRequired);
  }
}

/** Members without a name of their own: the values of a record. */
function compareOthers(at: Comparison, before: unknown, after: unknown, path: string): void {
  const [was, is] = [before ?? true, after ?? true];
  if (isSchema(was) && isSchema(is)) compare(at, was, is, `${path}{}`);
  else if (was !== false && is === false) {
    tell(at, path, "takes no members but its own now", at.isInput);
  } else if (was === false && isSchema(is)) {
    tell(at, path, "may have more members now", false);
  } else if (was !== is && was !== false) compare(at, was, is, `${path}{}`);
}

function compareArrays(at: Comparison, before: JsonSchema, after: JsonSchema, path: string): void {
  const [was, is] = [itemsOf(before), itemsOf(after)];
  if (was.length !== is.length) {
    tell(at, path, `had ${countText(was.length)} and has ${countText(is.length)} now`, true);
    return;
  }
  for (const [index, item] of was.entries()) compare(at, item, is[index], `${path}[${index}]`);
  if (was.length === 0) compare(at, before["items"] ?? {}, after["items"] ?? {}, `${path}[]`);
}

function itemsOf({ prefixItems }: JsonSchema): readonly unknown[] {
  return Array.isArray(prefixItems) ? prefixItems : [];
}

function countText(count: number): string {
  return count === 0 ? "any number of items" : `${count} ${count === 1 ? "item" : "items"}`;
}

interface SchemaMember {
  readonly schema: unknown;
  readonly isRequired: boolean;
}

function membersOf({ properties, required }: JsonSchema): Map<string, SchemaMember> {
  if (!isSchema(properties)) return new Map();
  const names = new Set<unknown>(Array.isArray(required) ? required : []);
  return new Map(
    Object.entries(properties).map(([name, schema]) => [
      name,
      { schema, isRequired: names.has(name) },
    ]),
  );
}

const lowest = ["minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"];
const highest = ["maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"];
/** Narrower with than without; one is neither narrower nor wider than another. */
const limiting = ["pattern", "format", "multipleOf", "uniqueItems"];
const unjudged = [
  "allOf",
  "not",
  "if",
  "then",
  "else",
  "patternProperties",
  "propertyNames",
  "contains",
];

function compareBounds(at: Comparison, before: JsonSchema, after: JsonSchema, path: string): void {
  const text = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));
  for (const word of [...lowest, ...highest, ...limiting]) {
    const [was, is] = [before[word], after[word]];
    if (was === is) continue;
    let isNarrower = is !== undefined;
    let isWider = was !== undefined;
    if (typeof was === "number" && typeof is === "number" && !limiting.includes(word)) {
      isNarrower = lowest.includes(word) ? is > was : is < was;
      isWider = !isNarrower;
    }
    tell(
      at,
      path,
      `has ${word} ${text(is)} now, and had ${text(was)}`,
      at.isInput ? isNarrower : isWider,
    );
  }
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_name, inner: unknown) =>
      isSchema(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ""
  );
}

// Unions of two and more. Which member a JSON value is of must show in the value: by its JSON type, and among objects
// by members that are literals.

import { ts } from "ts-morph";
import type { EnumType, UnionType, ValueType } from "../../model/types.js";
import { enumOf, literalsOf } from "./enums.js";
import { typeNameOf, type TypeName } from "./naming.js";
import { flatMembers, inOrder, literalValue } from "./parts.js";
import { partOf, type Spot } from "./spot.js";
import type { TypeReader } from "./type-reader.js";

const { TypeFlags } = ts;

export function readUnion(
  reader: TypeReader,
  type: ts.Type,
  present: readonly ts.Type[],
  spot: Spot,
): ValueType {
  const { checker } = reader.context;
  const flat = withoutSubtypes(wholeBooleans(reader, flatMembers(present)));
  const members = inOrder(checker, flat, writtenUnion(reader, type, spot));
  const groups = groupLiterals(checker, members);
  const [only] = groups;
  if (groups.length === 1 && only !== undefined) return readGroup(reader, type, only, spot);
  const tag = discriminantOf(reader, objectsOf(members));
  return reader.named(type, spot, (typeName, node): UnionType => {
    const { name, declaration } = typeName;
    const inside: Spot = { ...spot, what: declaration === undefined ? spot.what : name, name };
    const variants = groups.map((group, at) => {
      const variant = variantName(reader, tag, group, at);
      const part = partOf(inside, `variant ${String(at + 1)}`, { name: variant });
      return { type: readGroup(reader, undefined, group, part), group, part };
    });
    checkApart(reader, variants, inside);
    return {
      kind: "union",
      ...reader.headOf(typeName, node),
      members: variants.map((variant) => variant.type),
    };
  });
}

/** One type, or literals of one kind. */
type Group = readonly ts.Type[];

interface Variant {
  readonly type: ValueType;
  readonly group: Group;
}

function readGroup(
  reader: TypeReader,
  type: ts.Type | undefined,
  group: Group,
  spot: Spot,
): ValueType {
  const [first] = group;
  if (first === undefined) return { kind: "json" };
  if (group.length === 1) return reader.readPresent(first, spot);
  const make = (name: TypeName, node: ts.Node): EnumType => enumOf(reader, name, node, group);
  // Literals beside other members have no name of their own.
  return type === undefined ? reader.namedAt(spot, make) : reader.named(type, spot, make);
}

/** Literals and enums of strings together, those of numbers together; all else alone. */
function groupLiterals(checker: ts.TypeChecker, members: readonly ts.Type[]): readonly Group[] {
  const groups: ts.Type[][] = [];
  const byKind = new Map<string, ts.Type[]>();
  for (const member of members) {
    const kind = typeof literalsOf(checker, member)?.[0];
    const group = kind === "undefined" ? undefined : byKind.get(kind);
    if (group !== undefined) {
      group.push(member);
      continue;
    }
    const own = [member];
    groups.push(own);
    if (kind !== "undefined") byKind.set(kind, own);
  }
  return groups;
}

/** `"a" | (string & {})` is string, for all that travels. */
function withoutSubtypes(members: readonly ts.Type[]): readonly ts.Type[] {
  const hasText = members.some((member) => isText(member));
  const first = members.find((member) => isText(member));
  if (!hasText) return members;
  return members.filter((member) => member === first || !(isText(member) || isTextLiteral(member)));
}

function isText(type: ts.Type): boolean {
  if (type.isIntersection()) return type.types.some(isText);
  const text = TypeFlags.String | TypeFlags.TemplateLiteral | TypeFlags.StringMapping;
  return (type.flags & text) !== 0;
}

function isTextLiteral(type: ts.Type): boolean {
  return type.isStringLiteral();
}

/** `true` and `false` as boolean. */
function wholeBooleans(reader: TypeReader, members: readonly ts.Type[]): readonly ts.Type[] {
  const literals = members.filter(({ flags }) => (flags & TypeFlags.BooleanLiteral) !== 0);
  if (literals.length < 2) return members;
  const boolean = reader.context.checker.getBooleanType();
  const at = members.indexOf(literals[0] as ts.Type);
  return members.flatMap((member, index) =>
    index === at ? [boolean] : literals.includes(member) ? [] : [member],
  );
}

/** Where the union is written: here, or where the name that it has is declared. */
function writtenUnion(reader: TypeReader, type: ts.Type, spot: Spot): ts.TypeNode | undefined {
  const { declaration } = typeNameOf(reader.context, type, spot);
  return declaration !== undefined && ts.isTypeAliasDeclaration(declaration)
    ? declaration.type
    : spot.typeNode;
}

function objectsOf(members: readonly ts.Type[]): readonly ts.Type[] {
  return members.filter(({ flags }) => (flags & (TypeFlags.Object | TypeFlags.Intersection)) !== 0);
}

type Constants = ReadonlyMap<string, string | number | boolean>;

/** Members of an object that always have the same value. */
function constantsOf(reader: TypeReader, type: ts.Type): Constants {
  const constants = new Map<string, string | number | boolean>();
  for (const property of type.getProperties()) {
    if ((property.flags & ts.SymbolFlags.Optional) !== 0) continue;
    const valueType = reader.context.checker.getTypeOfSymbol(property);
    const value =
      literalValue(valueType) ??
      (valueType.isUnion() ? undefined : literalsOf(reader.context.checker, valueType)?.[0]);
    if (value !== undefined) constants.set(property.name, value);
  }
  return constants;
}

/** The member that is another literal in each of the objects. */
function discriminantOf(reader: TypeReader, objects: readonly ts.Type[]): string | undefined {
  const all = objects.map((object) => constantsOf(reader, object));
  const [first] = all;
  if (first === undefined || all.length < 2) return undefined;
  return [...first.keys()].find(
    (name) =>
      all.every((constants) => constants.has(name)) &&
      new Set(all.map((constants) => constants.get(name))).size === all.length,
  );
}

/** By its literal, which stays when the union gets more members: "Circle", "OkTrue"; else by its number. */
function variantName(
  reader: TypeReader,
  tag: string | undefined,
  group: Group,
  at: number,
): string {
  const [type] = group;
  const numbered = `Variant${String(at + 1)}`;
  if (type === undefined) return numbered;
  if (group.length > 1) {
    const [value] = literalsOf(reader.context.checker, type) ?? [];
    return typeof value === "number" ? "Number" : "Text";
  }
  const value = tag === undefined ? undefined : constantsOf(reader, type).get(tag);
  if (tag === undefined || value === undefined) return numbered;
  return typeof value === "string" ? value : `${tag}-${String(value)}`;
}

const jsonTypes: Readonly<Record<string, string>> = {
  string: "string",
  date: "string",
  bytes: "string",
  bigint: "string",
  number: "number",
  boolean: "boolean",
  array: "array",
  tuple: "array",
  map: "object",
};

/** What JSON has for such a value: undefined for any. */
function jsonTypeOf(reader: TypeReader, type: ValueType): string | undefined {
  if (type.kind === "literal") return typeof type.value;
  if (type.kind !== "named") return jsonTypes[type.kind];
  const named = reader.types.get(type.name);
  // An object that is still being read is an object all the same.
  return named?.kind === "enum" ? typeof named.values[0]?.value : "object";
}

function checkApart(reader: TypeReader, variants: readonly Variant[], spot: Spot): void {
  for (const [at, variant] of variants.entries()) {
    const jsonType = jsonTypeOf(reader, variant.type);
    for (const other of variants.slice(0, at)) {
      if (jsonTypeOf(reader, other.type) !== jsonType) continue;
      if (jsonType === "object" && areApart(reader, variant.group[0], other.group[0])) continue;
      const text = ({ group }: Variant): string =>
        group.map((member) => reader.context.checker.typeToString(member)).join(" | ");
      reader.refuse(spot, {
        code: "PDR6012",
        message: `${spot.what} is a union whose members ${text(other)} and ${text(variant)} can't be told apart in JSON`,
        advice:
          jsonType === "object"
            ? 'give each of the objects a member with a literal of its own, such as kind: "circle"'
            : "use one of them, or wrap each in an object with a literal member that tells which it is",
      });
    }
  }
}

function areApart(reader: TypeReader, a: ts.Type | undefined, b: ts.Type | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const ofA = constantsOf(reader, a);
  const ofB = constantsOf(reader, b);
  return [...ofA].some(([name, value]) => ofB.has(name) && ofB.get(name) !== value);
}

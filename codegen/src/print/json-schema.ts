// Types as JSON Schema 2020-12: what tells callers without protobuf, and generated clients, what a value looks like.
//   J1. What JSON has no word for is marked with "x-perdure-type": Date, bigint or Uint8Array.
//   J2. Named types are in $defs, those that are used and no others, in the order of their names.
//   J3. Objects are open: a member that a newer caller sends is no mistake.

import type { Doc, NamedType, NumberForm, ValueType } from "../model/types.js";

export type JsonSchema = Readonly<Record<string, unknown>>;
export type Types = ReadonlyMap<string, NamedType>;

/** The schema of a value, with everything that it refers to. */
export function jsonSchemaOf(type: ValueType, types: Types): JsonSchema {
  const names = namesReached([type], types);
  const schema = schemaOf(type);
  if (names.length === 0) return schema;
  const defs = names.map((name) => [name, namedSchema(namedType(types, name))] as const);
  return { ...schema, $defs: Object.fromEntries(defs) };
}

/** A value of it can't be read from JSON alone. */
export function hasMarkedTypes(type: ValueType, types: Types): boolean {
  const roots = [
    type,
    ...namesReached([type], types).flatMap((name) => partsOf(namedType(types, name))),
  ];
  return roots.some(isMarked);
}

/** Every named type that the types lead to, in code point order. */
export function namesReached(roots: readonly ValueType[], types: Types): string[] {
  const names = new Set<string>();
  const visit = (type: ValueType): void => {
    if (type.kind !== "named") {
      innerOf(type).forEach(visit);
    } else if (!names.has(type.name)) {
      names.add(type.name);
      partsOf(namedType(types, type.name)).forEach(visit);
    }
  };
  roots.forEach(visit);
  return [...names].toSorted();
}

function isMarked(type: ValueType): boolean {
  return ["bigint", "date", "bytes"].includes(type.kind) || innerOf(type).some(isMarked);
}

function innerOf(type: ValueType): readonly ValueType[] {
  switch (type.kind) {
    case "array":
      return [type.element];
    case "map":
      return [type.value];
    case "tuple":
      return type.items;
    case "union":
      return type.members;
    default:
      return [];
  }
}

function partsOf(type: NamedType): readonly ValueType[] {
  if (type.kind === "enum") return [];
  return type.kind === "union" ? type.members : type.members.map((member) => member.type);
}

export function namedType(types: Types, name: string): NamedType {
  const type = types.get(name);
  if (type === undefined) throw new Error(`the model refers to a type ${name} that it lacks`);
  return type;
}

function schemaOf(type: ValueType): JsonSchema {
  switch (type.kind) {
    case "string":
    case "boolean":
    case "null":
      return { type: type.kind };
    case "number":
      return numberSchemas[type.form ?? "double"];
    case "bigint":
      return { type: "string", pattern: "^-?[0-9]+$", "x-perdure-type": "bigint" };
    case "date":
      return { type: "string", format: "date-time", "x-perdure-type": "Date" };
    case "bytes":
      return { type: "string", contentEncoding: "base64", "x-perdure-type": "Uint8Array" };
    case "json":
      return {};
    case "literal":
      return { const: type.value };
    case "array":
      return { type: "array", items: schemaOf(type.element) };
    case "map":
      return { type: "object", additionalProperties: schemaOf(type.value) };
    case "tuple":
      return {
        type: "array",
        prefixItems: type.items.map(schemaOf),
        items: false,
        minItems: type.items.length,
      };
    case "union":
      return { anyOf: type.members.map(schemaOf) };
    case "named":
      return { $ref: `#/$defs/${type.name}` };
  }
}

const numberSchemas: Readonly<Record<NumberForm, JsonSchema>> = {
  double: { type: "number" },
  float: { type: "number" },
  int32: { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  uint32: { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 },
  int64: { type: "integer" },
  uint64: { type: "integer", minimum: 0 },
};

function namedSchema(type: NamedType): JsonSchema {
  if (type.kind === "union") return { ...docSchema(type.doc), anyOf: type.members.map(schemaOf) };
  if (type.kind === "enum") {
    const kinds = [...new Set(type.values.map(({ value }) => typeof value))].toSorted();
    return {
      ...docSchema(type.doc),
      type: kinds.length === 1 ? kinds[0] : kinds,
      enum: [...new Set(type.values.map(({ value }) => value))],
    };
  }
  const required = type.members.filter(({ optional }) => !optional).map(({ name }) => name);
  return {
    ...docSchema(type.doc),
    type: "object",
    properties: Object.fromEntries(
      type.members.map((member) => [
        member.name,
        { ...docSchema(member.doc), ...schemaOf(member.type) },
      ]),
    ),
    ...(required.length === 0 ? {} : { required }),
  };
}

function docSchema({ text, deprecated }: Doc): JsonSchema {
  return {
    ...(text === "" ? {} : { description: text }),
    ...(deprecated === undefined ? {} : { deprecated: true }),
  };
}

// Unions: what their variants are, and whether their values can be told apart in JSON.
//   U1. A union in a union is a part of it: variants are never unions, and `null` is one variant at most.
//   U2. Two variants are told apart by their JSON types alone, or, where both are objects, by a member that is a literal
//       in both and not the same one. Everything else is refused: what the server can't tell apart it can't carry.

import type { ValueType } from "../model/types.js";
import type { DraftConstant, Origin } from "./draft.js";
import type { Lowering } from "./lowering.js";

export type JsonKind = "string" | "number" | "boolean" | "null" | "array" | "object";

/** The type as its non-null variants, and whether `null` is one besides. A type that is no union is one variant. */
export interface Variants {
  readonly types: readonly ValueType[];
  readonly nullable: boolean;
}

export function variantsOf(lowering: Lowering, type: ValueType): Variants {
  const types: ValueType[] = [];
  let nullable = false;
  const seen = new Set<string>();
  const visit = (one: ValueType): void => {
    if (one.kind === "null") nullable = true;
    else if (one.kind === "union") one.members.forEach(visit);
    else if (one.kind === "named") {
      if (seen.has(one.name)) return;
      seen.add(one.name);
      const named = lowering.typeNamed(one.name);
      if (named.kind === "union") named.members.forEach(visit);
      else types.push(one);
    } else if (!types.some((other) => JSON.stringify(other) === JSON.stringify(one))) {
      types.push(one);
    }
  };
  visit(type);
  // `unknown` is every value there is, null among them.
  const json = types.find(({ kind }) => kind === "json");
  return json === undefined ? { types, nullable } : { types: [json], nullable: false };
}

/** Reports the first two variants that can't be told apart. */
export function checkVariants(
  lowering: Lowering,
  types: readonly ValueType[],
  origin: Origin,
): void {
  for (const [at, one] of types.entries()) {
    for (const other of types.slice(at + 1)) {
      const why = sameness(lowering, one, other);
      if (why === undefined) continue;
      lowering.report(
        "PDR6107",
        `${textOf(one)} and ${textOf(other)}, variants of ${origin.what}, can't be told apart in JSON: ${why}`,
        'give each object a member with a literal of its own, such as kind: "circle", or wrap one of the two in an object',
        origin,
      );
      return;
    }
  }
}

function sameness(lowering: Lowering, a: ValueType, b: ValueType): string | undefined {
  const kinds = jsonKindsOf(lowering, b);
  const shared = jsonKindsOf(lowering, a).find((kind) => kinds.includes(kind));
  if (shared === undefined) return undefined;
  if (shared !== "object") return `both are ${shared}s`;
  const others = constantsOf(lowering, b);
  const apart = constantsOf(lowering, a).some(({ name, json }) =>
    others.some((other) => other.name === name && other.json !== json),
  );
  return apart ? undefined : "no member is a literal in both and not the same one";
}

export function jsonKindsOf(lowering: Lowering, type: ValueType): readonly JsonKind[] {
  switch (type.kind) {
    case "string":
    case "bigint":
    case "date":
    case "bytes":
      return ["string"];
    case "number":
    case "boolean":
    case "null":
      return [type.kind];
    case "literal":
      return [typeof type.value as "string" | "number" | "boolean"];
    case "array":
    case "tuple":
      return ["array"];
    case "map":
      return ["object"];
    case "json":
      return ["string", "number", "boolean", "null", "array", "object"];
    case "union":
      return type.members.flatMap((member) => jsonKindsOf(lowering, member));
    case "named": {
      const named = lowering.typeNamed(type.name);
      if (named.kind === "object") return ["object"];
      if (named.kind === "union") {
        return named.members.flatMap((member) => jsonKindsOf(lowering, member));
      }
      return [...new Set(named.values.map(({ value }) => typeof value as "string" | "number"))];
    }
  }
}

/** The members of an object that are always there and always the same. */
export function constantsOf(lowering: Lowering, type: ValueType): readonly DraftConstant[] {
  if (type.kind !== "named") return [];
  const named = lowering.typeNamed(type.name);
  if (named.kind !== "object") return [];
  return named.members.flatMap(({ name, type: member, optional }) =>
    member.kind === "literal" && !optional ? [{ name, json: JSON.stringify(member.value) }] : [],
  );
}

/** A type as a person would name it. */
export function textOf(type: ValueType): string {
  switch (type.kind) {
    case "date":
      return "Date";
    case "bytes":
      return "Uint8Array";
    case "json":
      return "unknown";
    case "literal":
      return JSON.stringify(type.value);
    case "array":
      return `${type.element.kind === "union" ? `(${textOf(type.element)})` : textOf(type.element)}[]`;
    case "map":
      return `Record<string, ${textOf(type.value)}>`;
    case "tuple":
      return `[${type.items.map(textOf).join(", ")}]`;
    case "union":
      return type.members.map(textOf).join(" | ");
    case "named":
      return type.name;
    default:
      return type.kind;
  }
}

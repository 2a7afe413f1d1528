// The part of a JSON Schema that values are converted by: where Date, bigint and Uint8Array are, and what tells the
// branches of a union apart. Small, since clients carry it into browsers.
//   C1. What has none of the three in it is `{}`, or left out of an object's properties.
//   C2. In a union that has one of them, every branch says its JSON type, and objects their constants besides.

import type { NamedType, ValueType } from "../model/types.js";
import {
  hasMarkedTypes,
  jsonSchemaOf,
  namedType,
  type JsonSchema,
  type Types,
} from "./json-schema.js";

export function codecSchemaOf(
  type: ValueType,
  types: Types,
): JsonSchema & { readonly $defs?: JsonSchema } {
  const writer = new CodecSchema(types);
  const schema = writer.schemaOf(type, false);
  const defs = writer.definitions();
  return defs.length === 0 ? schema : { ...schema, $defs: Object.fromEntries(defs) };
}

class CodecSchema {
  readonly #types: Types;
  readonly #marked: Map<string, boolean> = new Map();
  readonly #names: Set<string> = new Set();

  constructor(types: Types) {
    this.#types = types;
  }

  /** @param isBranch  it stands in a union with others, so that its form must show */
  schemaOf(type: ValueType, isBranch: boolean): JsonSchema {
    if (!isBranch && !this.#isMarked(type)) return {};
    switch (type.kind) {
      case "array":
        return { type: "array", ...this.#inner("items", type.element) };
      case "map":
        return { type: "object", ...this.#inner("additionalProperties", type.value) };
      case "tuple":
        return { type: "array", prefixItems: type.items.map((item) => this.schemaOf(item, false)) };
      case "union":
        return { anyOf: type.members.map((member) => this.schemaOf(member, true)) };
      case "named":
        this.#names.add(type.name);
        return { $ref: `#/$defs/${type.name}` };
      default:
        return jsonSchemaOf(type, this.#types);
    }
  }

  definitions(): (readonly [name: string, schema: JsonSchema])[] {
    const found = new Map<string, JsonSchema>();
    // The set grows while it is walked.
    for (const name of this.#names) found.set(name, this.#named(namedType(this.#types, name)));
    return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  #named(type: NamedType): JsonSchema {
    if (type.kind === "union") {
      return { anyOf: type.members.map((member) => this.schemaOf(member, true)) };
    }
    if (type.kind === "enum") return { enum: [...new Set(type.values.map(({ value }) => value))] };
    const shown = type.members.filter(
      ({ type: member }) => member.kind === "literal" || this.#isMarked(member),
    );
    const required = shown.filter(({ optional }) => !optional).map(({ name }) => name);
    return {
      type: "object",
      properties: Object.fromEntries(
        shown.map(({ name, type: member }) => [
          name,
          this.schemaOf(member, member.kind === "literal"),
        ]),
      ),
      ...(required.length === 0 ? {} : { required }),
    };
  }

  #inner(keyword: string, type: ValueType): JsonSchema {
    return this.#isMarked(type) ? { [keyword]: this.schemaOf(type, false) } : {};
  }

  #isMarked(type: ValueType): boolean {
    if (type.kind !== "named") return hasMarkedTypes(type, this.#types);
    const known = this.#marked.get(type.name);
    if (known !== undefined) return known;
    const isMarked = hasMarkedTypes(type, this.#types);
    this.#marked.set(type.name, isMarked);
    return isMarked;
  }
}

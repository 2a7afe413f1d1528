// JSON Schemas as a codec of values reads them: references followed, marks found, and the branches of a union told
// apart. Only what `x-perdure-type` can stand in or next to is read; nothing is validated.

import { leaves, type LeafType } from "./value-codec-leaves.js";

/** The parts of a JSON Schema that are read. */
export interface Schema {
  readonly "x-perdure-type"?: unknown;
  readonly $ref?: unknown;
  readonly type?: unknown;
  readonly const?: unknown;
  readonly enum?: unknown;
  readonly properties?: unknown;
  readonly required?: unknown;
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
  readonly prefixItems?: unknown;
  readonly anyOf?: unknown;
  readonly oneOf?: unknown;
  readonly allOf?: unknown;
}

/** Which side a value stands on. */
export type Side = "code" | "json";

export class SchemaGraph {
  readonly root: Schema;
  /** Those from which a mark can be reached. */
  readonly #marked = new Set<Schema>();

  constructor(root: Schema) {
    this.root = root;
    const reached = this.#reached();
    // Marks spread against the references, which may go in circles: until nothing is new. The inner ones come last.
    reached.reverse();
    for (let before = -1; before !== this.#marked.size;) {
      before = this.#marked.size;
      for (const schema of reached) {
        const inner = this.#inner(schema);
        if (leafOf(schema) !== undefined || inner.some((one) => this.#marked.has(one))) {
          this.#marked.add(schema);
        }
      }
    }
  }

  isMarked(schema: Schema): boolean {
    return this.#marked.has(schema);
  }

  /** What a reference stands for; the schema itself where it is none. */
  resolved(schema: Schema): Schema {
    let at = schema;
    // References to references; one that leads back to itself stands for anything.
    for (let steps = 0; typeof at.$ref === "string"; steps++) {
      const next = this.#pointed(at.$ref);
      if (next === undefined || steps > 100) return {};
      at = next;
    }
    return at;
  }

  /** Whether a value may be of this type, as far as unions are told apart. */
  fits(given: Schema, value: unknown, side: Side): boolean {
    const schema = this.resolved(given);
    const leaf = leafOf(schema);
    if (leaf !== undefined) {
      if (side === "code" && leaves[leaf].is(value)) return true;
      return typeof value === "string";
    }
    if ("const" in schema && schema.const !== value) return false;
    if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return false;
    const branches = branchesOf(schema);
    if (branches.length > 0 && !branches.some((one) => this.fits(one, value, side))) return false;
    if (!isOfType(schema.type, value, side)) return false;
    return !isObject(schema.properties) || this.#membersFit(schema, schema.properties, value, side);
  }

  #membersFit(schema: Schema, properties: object, value: unknown, side: Side): boolean {
    if (!isObject(value)) return schema.type === undefined;
    const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
    for (const name of required) {
      if (typeof name === "string" && memberOf(value, name) === undefined) return false;
    }
    for (const [name, member] of Object.entries(properties)) {
      const is = memberOf(value, name);
      if (is === undefined || !isObject(member)) continue;
      const expected = this.resolved(member);
      if (("const" in expected || "enum" in expected) && !this.fits(expected, is, side))
        return false;
    }
    return true;
  }

  #reached(): Schema[] {
    const found = new Set<Schema>();
    const open = [this.root];
    for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
      if (found.has(schema)) continue;
      found.add(schema);
      open.push(...this.#inner(schema));
    }
    return [...found];
  }

  #inner(schema: Schema): Schema[] {
    const { $ref, properties, additionalProperties, items, prefixItems } = schema;
    const inner: unknown[] = [
      additionalProperties,
      items,
      ...(isObject(properties) ? Object.values(properties) : []),
      ...(Array.isArray(prefixItems) ? prefixItems : []),
      ...branchesOf(schema),
      ...partsOf(schema),
      ...(typeof $ref === "string" ? [this.#pointed($ref)] : []),
    ];
    return inner.filter(isObject);
  }

  /** By a JSON pointer within the schema: "#", "#/$defs/User". */
  #pointed(reference: string): Schema | undefined {
    if (!reference.startsWith("#")) return undefined;
    let at: unknown = this.root;
    for (const part of reference.slice(1).split("/").slice(1)) {
      if (!isObject(at)) return undefined;
      at = memberOf(at, unescaped(part).replaceAll("~1", "/").replaceAll("~0", "~"));
    }
    return isObject(at) ? at : undefined;
  }
}

export function leafOf(schema: Schema): LeafType | undefined {
  const type = schema["x-perdure-type"];
  return typeof type === "string" && Object.hasOwn(leaves, type) ? (type as LeafType) : undefined;
}

/** The branches of a union. */
export function branchesOf({ anyOf, oneOf }: Schema): Schema[] {
  const branches: unknown[] = [
    ...(Array.isArray(anyOf) ? anyOf : []),
    ...(Array.isArray(oneOf) ? oneOf : []),
  ];
  return branches.filter(isObject);
}

/** What all holds at once. */
export function partsOf({ allOf }: Schema): Schema[] {
  return Array.isArray(allOf) ? allOf.filter(isObject) : [];
}

export function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Its own member, and nothing that every object has. */
function memberOf(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function isOfType(type: unknown, value: unknown, side: Side): boolean {
  if (Array.isArray(type)) return type.some((one) => isOfType(one, value, side));
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value) && !(side === "code" && isLeafValue(value));
    case "string":
    case "boolean":
      return typeof value === type;
    case "number":
    case "integer":
      return typeof value === "number";
    default:
      return true;
  }
}

function isLeafValue(value: unknown): boolean {
  return Object.values(leaves).some((leaf) => leaf.is(value));
}

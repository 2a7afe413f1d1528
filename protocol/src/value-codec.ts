// Values of declared types as JSON, and back: JSON has no Date, bigint and Uint8Array, so a JSON Schema marks where
// they are (`x-perdure-type`), and a codec made of the schema turns them into text and back.
//   V1. Values are never changed: where something in them is converted, they are copied as far as it reaches.
//   V2. What does not fit the schema is passed as it is. Checking values is the task of others.
//   V3. JSON.parse(JSON.stringify(toJson(value))) is the JSON that `fromJson` takes.

import { leaves, type LeafType } from "./value-codec-leaves.js";
import {
  branchesOf,
  isObject,
  leafOf,
  partsOf,
  SchemaGraph,
  type Schema,
  type Side,
} from "./value-codec-schema.js";

export interface ValueCodec {
  /**
   * The value with text in place of every Date, bigint and Uint8Array that the schema knows of.
   * @throws RangeError  an invalid Date, or a bigint of more than 64 bits; says where
   */
  toJson(value: unknown): unknown;
  /**
   * The JSON with Date, bigint and Uint8Array where the schema says so.
   * @throws RangeError  a text that is no date, no whole number of 64 bits, no base64; says where
   */
  fromJson(json: unknown): unknown;
}

/** Converts one value. `path` says where it stands, for errors. */
type Convert = (value: unknown, path: Path) => unknown;
type Path = (string | number)[];

/**
 * The codec of the values that a JSON Schema describes. Follows references within the schema, also where types refer
 * to themselves.
 * @returns undefined where there is nothing to convert: plain JSON does
 */
export function valueCodecOf(schema: object): ValueCodec | undefined {
  const graph = new SchemaGraph(schema);
  if (!graph.isMarked(graph.root)) return undefined;
  const toJson = new Converters(graph, "code").of(graph.root);
  const fromJson = new Converters(graph, "json").of(graph.root);
  return {
    toJson: (value) => toJson(value, []),
    fromJson: (json) => fromJson(json, []),
  };
}

const asItIs: Convert = (value) => value;

class Converters {
  readonly #graph: SchemaGraph;
  readonly #from: Side;
  readonly #made = new Map<Schema, Convert>();

  /** @param from  the side that values come from */
  constructor(graph: SchemaGraph, from: Side) {
    this.#graph = graph;
    this.#from = from;
  }

  of(schema: Schema): Convert {
    if (!this.#graph.isMarked(schema)) return asItIs;
    const known = this.#made.get(schema);
    if (known !== undefined) return known;
    // There before it is made, for types that refer to themselves.
    let convert = asItIs;
    const late: Convert = (value, path) => convert(value, path);
    this.#made.set(schema, late);
    convert = this.#make(schema);
    this.#made.set(schema, convert);
    return convert;
  }

  #make(schema: Schema): Convert {
    if (typeof schema.$ref === "string") return this.of(this.#graph.resolved(schema));
    const type = leafOf(schema);
    if (type !== undefined) {
      const convert = this.#from === "code" ? leaves[type].toJson : leaves[type].fromJson;
      return (value, path) => {
        try {
          return convert(value);
        } catch (error) {
          throw new RangeError(`${pathText(path)}: ${(error as Error).message}`, { cause: error });
        }
      };
    }
    const all = [
      this.#object(schema),
      this.#array(schema),
      this.#union(branchesOf(schema)),
      ...partsOf(schema).map((part) => this.of(part)),
    ].filter((convert) => convert !== undefined && convert !== asItIs) as Convert[];
    const [only = asItIs] = all;
    if (all.length <= 1) return only;
    return (value, path) => all.reduce((result, convert) => convert(result, path), value);
  }

  #object({ properties, additionalProperties }: Schema): Convert | undefined {
    const members = new Map<string, Convert>();
    for (const [name, member] of Object.entries(isObject(properties) ? properties : {})) {
      members.set(name, isObject(member) ? this.of(member) : asItIs);
    }
    const others = isObject(additionalProperties) ? this.of(additionalProperties) : asItIs;
    const some = [...members].filter(([, convert]) => convert !== asItIs);
    if (some.length === 0 && others === asItIs) return undefined;
    return (given, path) => {
      const value = this.#from === "code" ? jsonFormOf(given) : given;
      if (!isObject(value)) return value;
      let copy: object | undefined;
      const take = (name: string, convert: Convert): void => {
        const before = (value as Record<string, unknown>)[name];
        path.push(name);
        const after = convert(before, path);
        path.pop();
        if (after !== before) copy = withMember(copy ?? { ...value }, name, after);
      };
      if (others === asItIs) {
        for (const [name, convert] of some) if (Object.hasOwn(value, name)) take(name, convert);
      } else {
        for (const name of Object.keys(value)) take(name, members.get(name) ?? others);
      }
      return copy ?? value;
    };
  }

  #array({ items, prefixItems }: Schema): Convert | undefined {
    const first = (Array.isArray(prefixItems) ? prefixItems : []).map((item: unknown) =>
      isObject(item) ? this.of(item) : asItIs,
    );
    const rest = isObject(items) ? this.of(items) : asItIs;
    if (rest === asItIs && first.every((convert) => convert === asItIs)) return undefined;
    return (value, path) => {
      if (!Array.isArray(value)) return value;
      let copy: unknown[] | undefined;
      for (const [at, before] of (value as unknown[]).entries()) {
        path.push(at);
        const after = (first[at] ?? rest)(before, path);
        path.pop();
        if (after === before) continue;
        copy ??= [...(value as unknown[])];
        copy[at] = after;
      }
      return copy ?? value;
    };
  }

  #union(branches: readonly Schema[]): Convert | undefined {
    if (!branches.some((branch) => this.#graph.isMarked(branch))) return undefined;
    // Text that a branch takes as it is, such as a literal, is not meant to be read.
    const readLast = branches.toSorted((a, b) => Number(this.#isLeaf(a)) - Number(this.#isLeaf(b)));
    const converters = readLast.map((branch): [Schema, Convert] => [branch, this.of(branch)]);
    const bigint = converters.find(([branch]) => this.#isLeaf(branch, "bigint"))?.[1];
    return (value, path) => {
      const fitting = converters.find(([branch]) => this.#graph.fits(branch, value, this.#from));
      if (fitting !== undefined) return fitting[1](value, path);
      return typeof value === "number" && bigint !== undefined ? bigint(value, path) : value;
    };
  }

  #isLeaf(schema: Schema, type?: LeafType): boolean {
    const is = leafOf(this.#graph.resolved(schema));
    return is !== undefined && (type === undefined || is === type);
  }
}

/** What JSON.stringify would write in its place. */
function jsonFormOf(value: unknown): unknown {
  const { toJSON } = (value ?? {}) as { readonly toJSON?: unknown };
  if (typeof toJSON !== "function" || typeof value !== "object") return value;
  return (value as { toJSON(): unknown }).toJSON();
}

/** Also where the name is `__proto__`, which an assignment would take for something else. */
function withMember(object: object, name: string, value: unknown): object {
  return Object.defineProperty(object, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/** "user.born", "users[2].born". */
function pathText(path: Path): string {
  if (path.length === 0) return "the value";
  return path
    .map((part, at) =>
      typeof part === "number" ? `[${String(part)}]` : at === 0 ? part : `.${part}`,
    )
    .join("");
}

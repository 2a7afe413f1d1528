// Every form of type, as handlers take it. All files are read at once: opening a project is what takes long.

import { beforeAll, describe, expect, it } from "vitest";
import type { Member, NamedType, ValueType } from "../model/types.js";
import { readCode, type Reading } from "./project.fixture.js";

/** A handler `take` of a service of this name, with this type as its input. */
function taking(service: string, type: string, before = ""): string {
  return `import { handler, service, type Context } from "@perdure/sdk";
${before}
@service() export class ${service} { @handler() async take(_: Context, value: ${type}): Promise<void> {} }
`;
}

const scalars: Readonly<Record<string, readonly [type: string, read: ValueType]>> = {
  Strings: ["string", { kind: "string" }],
  Numbers: ["number", { kind: "number" }],
  Booleans: ["boolean", { kind: "boolean" }],
  Bigints: ["bigint", { kind: "bigint" }],
  Dates: ["Date", { kind: "date" }],
  Bytes: ["Uint8Array", { kind: "bytes" }],
  Buffers: ["Buffer", { kind: "bytes" }],
  Unknowns: ["unknown", { kind: "json" }],
  Anys: ["any", { kind: "json" }],
  Nulls: ["null", { kind: "null" }],
  Literals: ['"on"', { kind: "literal", value: "on" }],
  Truths: ["true", { kind: "literal", value: true }],
  Templates: ["`id-${string}`", { kind: "string" }],
  Brands: ['string & { readonly __brand: "Id" }', { kind: "string" }],
  Suggestions: ['"a" | "b" | (string & {})', { kind: "string" }],
  Lists: ["readonly string[]", { kind: "array", element: { kind: "string" } }],
  Grids: [
    "Array<number[]>",
    { kind: "array", element: { kind: "array", element: { kind: "number" } } },
  ],
  Maps: ["Record<string, Date>", { kind: "map", value: { kind: "date" } }],
  Signatures: ["{ readonly [key: string]: number }", { kind: "map", value: { kind: "number" } }],
  OpenMaps: ["Record<string, unknown>", { kind: "map", value: { kind: "json" } }],
  Tuples: [
    "[name: string, count: number]",
    { kind: "tuple", items: [{ kind: "string" }, { kind: "number" }] },
  ],
  Nullables: ["string | null", { kind: "union", members: [{ kind: "string" }, { kind: "null" }] }],
  NullableItems: [
    "(Date | null)[]",
    {
      kind: "array",
      element: { kind: "union", members: [{ kind: "date" }, { kind: "null" }] },
    },
  ],
};

const files: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(scalars).map(([name, [type]]) => [`scalar-${name}.ts`, taking(name, type)]),
  ),
  "json.ts": taking(
    "Jsons",
    "{ a: Json; b: JsonObject; c: NonNullable<Json> }",
    `type JsonObject = { [key: string]: Json | undefined };
interface JsonList extends Array<Json> {}
type Json = string | number | boolean | null | JsonObject | JsonList;`,
  ),
  "members.ts": taking(
    "Members",
    "Everything",
    `/** All of it.
 * On two lines. @deprecated use another @renamedFrom Old */
export interface Everything {
  /** Its name. */
  name: string;
  /** @deprecated gone soon */
  maybe?: string;
  orUndefined: string | undefined;
  orNull: string | null;
  both?: string | null;
  never?: never;
  /** @protoType int32 */
  count: number;
  /** @protoType uint64 */
  counts?: number[] | null;
  size: Size;
  readonly list?: readonly Date[];
  /** @renamedFrom former */
  now: boolean;
  "content-type": string;
  self?: Everything | null;
}
/** @protoType int64 */
type Size = number;`,
  ),
  "enums.ts": taking(
    "Enums",
    "{ color: Color; level: Level; one: Color.Red; some: Color.Red | Color.Blue; tone?: Tone | null; bits: 3 | 1 | 2; only: Only }",
    `/** Colours. */ export enum Color {
  /** Like fire. */
  Red = "red", Green = "green", Blue = "blue" }
const enum Level { Low, High = Low + 5, Same = 5 }
enum Only { One = "one" }
type Tone = "soft" | "loud" | "quiet";`,
  ),
  "names.ts": taking(
    "Names",
    "{ page: Page<User>; pages: Page<string[]>; partial: Partial<User>; same: Readonly<User>; picked: Pick<User, 'name'>; mapped: { [K in 'b' | 'a']: number }; alias: Alias; written: Written; merged: Merged; odd: odd_thing; renamed: Clash; inline: { deep: { deeper: string }[] } }",
    `interface User { name: string; age: number }
interface Page<T> { items: T[]; next?: Page<T> }
type Alias = User;
type Written = ReturnType<() => { made: string }>;
type Merged = User & { admin: boolean };
interface odd_thing { x: string }
/** @protoName Renamed */
interface Clash { y: string }`,
  ),
  "unions.ts": taking(
    "Unions",
    "{ shape: Shape; mixed: string | number | null; choice: 'auto' | number; outcome: Outcome; tree: Tree; lists: string[] | string; flags: 'x' | true }",
    `interface Circle { kind: "circle"; radius: number }
type Shape = Round | { kind: "square"; side: number };
type Round = Circle | { readonly kind: "oval"; a: number; b: number };
type Outcome = { ok: true; value: string } | { ok: false; error: string } | null;
type Tree = { op: "leaf"; value: number } | Branch;
interface Branch { op: "branch"; left: Tree; right: Tree | null; all: (Tree | string)[] }`,
  ),
  "optional.ts": `import { handler, service, type Context } from "@perdure/sdk";
@service() export class Optionals {
  @handler() async none(_: Context): Promise<void> {}
  @handler() async marked(_: Context, a?: string): Promise<string | undefined> { return a; }
  @handler() async either(_: Context, a: string | undefined): Promise<undefined> {}
  @handler() async byDefault(_: Context, a = 5): Promise<never> { throw new Error(String(a)); }
  @handler() async tagged(_: Context, /** @protoType uint32 */ a: number): Promise<void> { void a; }
  @handler() async pattern(_: Context, { a }: { a: string }): Promise<string | void> { if (a) return a; }
  @handler() async inferred(_: Context, _count: number) { return _count > 1 ? "many" : "few"; }
}`,
  "classes.ts": taking(
    "Classes",
    "Point & { readonly [brand]: true }",
    `declare const brand: unique symbol;
class Base { z!: number }
class Point extends Base { x = 0; y = 0; #hidden = 1; static origin = new Point(); constructor() { super(); void this.#hidden; } }`,
  ),
  "schemas.ts": `import { handlers, serde, service, iface, implement, type Context } from "@perdure/sdk";
import { z } from "zod";
import * as v from "valibot";
const Account = z.object({ name: z.string(), mail: z.string().nullable(), age: z.number().optional() });
type Account = z.infer<typeof Account>;
type SchemaTree = { v: string; kids: SchemaTree[] };
const Tree: z.ZodType<SchemaTree> = z.lazy(() => z.object({ v: z.string(), kids: z.array(Tree) }));
const Move = z.discriminatedUnion("to", [z.object({ to: z.literal("left") }), z.object({ to: z.literal("right"), by: z.number() })]);
const Tagged = v.object({ tags: v.optional(v.array(v.string()), []) });
export const schemas = service({ name: "Schemas", handlers: {
  zod: handlers.handler({ input: serde.schema(Account), output: serde.schema(z.boolean()) }, async (_: Context, user: Account): Promise<boolean> => user.age === 1),
  defaults: handlers.handler({ input: serde.schema(Tagged) }, async (_: Context, tagged: v.InferOutput<typeof Tagged>): Promise<number> => tagged.tags.length),
  transforms: handlers.handler({ input: serde.schema(z.string().transform(Number)) }, async (_: Context, n: number): Promise<number> => n),
  lazy: handlers.handler({ input: serde.schema(Tree) }, async (_: Context, tree: SchemaTree): Promise<void> => void tree),
  anything: handlers.handler({ input: serde.schema(z.object({ a: z.any(), b: z.any().optional() })) }, async (_: Context, value): Promise<void> => void value),
  moves: handlers.handler({ input: serde.schema(Move) }, async (_: Context, move: z.infer<typeof Move>): Promise<void> => void move),
  bytes: handlers.handler({ serde: serde.binary }, async (_: Context, b: Uint8Array): Promise<Uint8Array> => b),
  empty: handlers.handler({ input: serde.empty, output: serde.empty }, async (_: Context, nothing: void): Promise<void> => nothing),
  asJson: handlers.handler({ input: serde.json.schema<{ a: 1 }>({}) }, async (_: Context, a: { a: 1 }): Promise<void> => void a),
} });
const face = iface.object("Faced", {
  put: iface.schemas({ input: Tagged, output: v.number() }),
  image: iface.shared.serdes({ output: serde.binary }),
  named: iface.json<{ a: string }, Date>({ description: "Named" }),
});
/** With a face. */
export const faced = implement(face, { handlers: { put: async (_, { tags }) => tags.length, image: async () => new Uint8Array(), named: async () => new Date(0) } });`,
};

let code: Reading;
beforeAll(() => {
  code = readCode(files);
}, 60_000);

function input(service: string, handler = "take"): ValueType | undefined {
  return code.service(service).handlers.find(({ name }) => name === handler)?.input?.type;
}

function membersOf(name: string): Readonly<Record<string, Member>> {
  const type = code.type(name);
  if (type.kind !== "object") throw new Error(`${name} is ${type.kind}`);
  return Object.fromEntries(type.members.map((member) => [member.name, member]));
}

/** Without what is the same everywhere. */
function plain({ doc: _, place: __, ...type }: NamedType): object {
  if (type.kind === "enum") return { ...type, values: type.values.map(({ value }) => value) };
  if (type.kind === "union") return type;
  return { ...type, members: type.members.map(({ name, type: of }) => [name, of]) };
}

const named = (name: string): ValueType => ({ kind: "named", name });
const orNull = (type: ValueType): ValueType => ({
  kind: "union",
  members: [type, { kind: "null" }],
});

it("finds nothing wrong with any of them", () => {
  expect(code.problems()).toEqual([]);
});

describe("types without a name", () => {
  it.each(Object.entries(scalars))("%s", (name, [, read]) => {
    expect(input(name)).toEqual(read);
  });

  it("types of any JSON, by their form", () => {
    const members = membersOf("JsonsTakeInput");
    expect(members["a"]?.type).toEqual({ kind: "json" });
    expect(members["b"]).toMatchObject({ type: { kind: "map", value: { kind: "json" } } });
    expect(members["c"]?.type).toEqual(named("NonNullableJson"));
  });
});

describe("members", () => {
  it("may be absent, null, or both", () => {
    const { maybe, orUndefined, orNull: nullable, both, never } = membersOf("Everything");
    expect(maybe).toMatchObject({ type: { kind: "string" }, optional: true });
    expect(orUndefined).toMatchObject({ type: { kind: "string" }, optional: true });
    expect(nullable).toMatchObject({ type: orNull({ kind: "string" }), optional: false });
    expect(both).toMatchObject({ type: orNull({ kind: "string" }), optional: true });
    expect(never).toBeUndefined();
  });

  it("have the docs and the tags of the code", () => {
    const members = membersOf("Everything");
    expect(members["name"]?.doc).toEqual({ text: "Its name." });
    expect(members["maybe"]?.doc).toEqual({ text: "", deprecated: "gone soon" });
    expect(members["now"]?.renamedFrom).toBe("former");
    expect(members["count"]?.type).toEqual({ kind: "number", form: "int32" });
    expect(members["counts"]?.type).toEqual(
      orNull({ kind: "array", element: { kind: "number", form: "uint64" } }),
    );
    expect(members["size"]?.type).toEqual({ kind: "number", form: "int64" });
    expect(code.type("Everything")).toMatchObject({
      doc: { text: "All of it.\nOn two lines.", deprecated: "use another" },
      renamedFrom: "Old",
    });
  });

  it("stand in the order of the code, at their places", () => {
    expect(Object.keys(membersOf("Everything")).slice(0, 4)).toEqual([
      "name",
      "maybe",
      "orUndefined",
      "orNull",
    ]);
    expect(membersOf("Everything")["name"]?.place).toEqual({
      file: "src/members.ts",
      line: 6,
      column: 3,
    });
    expect(membersOf("Everything")["self"]?.type).toEqual(orNull(named("Everything")));
  });
});

describe("enums", () => {
  it("are read with names, values and docs", () => {
    expect(code.type("Color")).toMatchObject({
      kind: "enum",
      doc: { text: "Colours." },
      anonymous: false,
      values: [
        { name: "Red", value: "red", doc: { text: "Like fire." } },
        { name: "Green", value: "green" },
        { name: "Blue", value: "blue" },
      ],
    });
    expect(plain(code.type("Level"))).toMatchObject({ values: [0, 5] });
    expect(plain(code.type("Only"))).toMatchObject({ kind: "enum", values: ["one"] });
  });

  it("come apart into their members", () => {
    const { one, some } = membersOf("EnumsTakeInput");
    expect(one?.type).toEqual({ kind: "literal", value: "red" });
    expect(some?.type).toEqual(named("EnumsTakeInputSome"));
    expect(plain(code.type("EnumsTakeInputSome"))).toMatchObject({ values: ["red", "blue"] });
  });

  it("are made of literals, in the order in which they are written", () => {
    expect(membersOf("EnumsTakeInput")["tone"]).toMatchObject({
      type: orNull(named("Tone")),
      optional: true,
    });
    expect(plain(code.type("Tone"))).toMatchObject({ values: ["soft", "loud", "quiet"] });
    expect(plain(code.type("EnumsTakeInputBits"))).toMatchObject({
      values: [3, 1, 2],
      anonymous: true,
    });
  });
});

describe("names", () => {
  it.each([
    ["page", "PageUser"],
    ["pages", "PageStringList"],
    ["partial", "PartialUser"],
    ["same", "User"],
    ["picked", "PickUserName"],
    ["mapped", "NamesTakeInputMapped"],
    ["alias", "User"],
    ["written", "Written"],
    ["merged", "Merged"],
    ["odd", "OddThing"],
    ["renamed", "Renamed"],
    ["inline", "NamesTakeInputInline"],
  ])("of the member %s: %s", (member, name) => {
    expect(membersOf("NamesTakeInput")[member]?.type).toEqual(named(name));
    expect(code.type(name).name).toBe(name);
  });

  it("of what has none come from the place", () => {
    expect(code.type("NamesTakeInputInlineDeep").anonymous).toBe(true);
    expect(membersOf("PageUser")["next"]?.type).toEqual(named("PageUser"));
    expect(Object.keys(membersOf("NamesTakeInputMapped"))).toEqual(["a", "b"]);
    expect(Object.keys(membersOf("Merged"))).toEqual(["name", "age", "admin"]);
  });
});

describe("unions", () => {
  it("of objects that a literal tells apart", () => {
    expect(plain(code.type("Shape"))).toEqual({
      kind: "union",
      name: "Shape",
      anonymous: false,
      members: [named("Circle"), named("ShapeOval"), named("ShapeSquare")],
    });
    expect(membersOf("Circle")["kind"]?.type).toEqual({ kind: "literal", value: "circle" });
    expect(membersOf("UnionsTakeInput")["outcome"]?.type).toEqual(orNull(named("Outcome")));
    expect(code.type("Outcome")).toMatchObject({
      members: [named("OutcomeOkTrue"), named("OutcomeOkFalse")],
    });
  });

  it("of different types in JSON", () => {
    const { mixed } = membersOf("UnionsTakeInput");
    expect(mixed?.type).toEqual(orNull(named("UnionsTakeInputMixed")));
    expect(code.type("UnionsTakeInputMixed")).toMatchObject({
      anonymous: true,
      members: [{ kind: "string" }, { kind: "number" }],
    });
    expect(code.type("UnionsTakeInputChoice")).toMatchObject({
      members: [{ kind: "literal", value: "auto" }, { kind: "number" }],
    });
    expect(code.type("UnionsTakeInputLists")).toMatchObject({
      members: [{ kind: "array", element: { kind: "string" } }, { kind: "string" }],
    });
  });

  it("that contain themselves", () => {
    expect(code.type("Tree")).toMatchObject({ members: [named("TreeLeaf"), named("Branch")] });
    expect(membersOf("Branch")["right"]?.type).toEqual(orNull(named("Tree")));
    expect(membersOf("Branch")["all"]?.type).toEqual({
      kind: "array",
      element: named("BranchAll"),
    });
    expect(code.type("BranchAll")).toMatchObject({
      members: [named("BranchAllLeaf"), named("Branch"), { kind: "string" }],
    });
  });
});

describe("inputs and outputs", () => {
  const of = (name: string) =>
    code.service("Optionals").handlers.find((handler) => handler.name === name);

  it("may be nothing", () => {
    expect(of("none")).not.toHaveProperty("input");
    expect(of("none")).not.toHaveProperty("output");
    expect(of("either")).not.toHaveProperty("output");
    expect(of("byDefault")).not.toHaveProperty("output");
  });

  it("may be absent", () => {
    expect(of("marked")?.input).toMatchObject({
      name: "a",
      optional: true,
      type: { kind: "string" },
    });
    expect(of("marked")?.output).toMatchObject({ optional: true, type: { kind: "string" } });
    expect(of("either")?.input).toMatchObject({ optional: true });
    expect(of("byDefault")?.input).toMatchObject({ optional: true, type: { kind: "number" } });
    expect(of("tagged")?.input).toMatchObject({ type: { kind: "number", form: "uint32" } });
    expect(of("pattern")?.input).toMatchObject({ name: "input", optional: false });
    expect(of("pattern")?.output).toMatchObject({ optional: true, type: { kind: "string" } });
  });

  it("are inferred where they are not written", () => {
    expect(of("inferred")?.input).toMatchObject({ name: "count" });
    expect(of("inferred")?.output?.type).toEqual(named("OptionalsInferredOutput"));
    expect(plain(code.type("OptionalsInferredOutput"))).toMatchObject({ values: ["few", "many"] });
  });
});

it("takes classes with nothing but data, without what JSON leaves out", () => {
  expect(Object.keys(membersOf("ClassesTakeInput"))).toEqual(["x", "y", "z"]);
});

describe("serdes", () => {
  const of = (name: string, service = "Schemas") =>
    code.service(service).handlers.find((handler) => handler.name === name);

  it("with schemas: what callers send, by the name that the code gives it", () => {
    expect(of("zod")?.input?.type).toEqual(named("Account"));
    expect(of("zod")?.output?.type).toEqual({ kind: "boolean" });
    expect(of("defaults")?.input?.type).toEqual(named("SchemasDefaultsInput"));
    expect(membersOf("SchemasDefaultsInput")["tags"]).toMatchObject({ optional: true });
    expect(of("transforms")).toMatchObject({
      input: { type: { kind: "string" } },
      output: { type: { kind: "number" } },
    });
  });

  it("with schemas that are recursive, or whose types say nothing of what they take", () => {
    expect(of("lazy")?.input?.type).toEqual({ kind: "named", name: "SchemaTree" });
    expect(membersOf("SchemasAnythingInput")["a"]).toMatchObject({ type: { kind: "json" } });
    expect(code.type("SchemasMovesInput")).toMatchObject({
      members: [named("SchemasMovesInputLeft"), named("SchemasMovesInputRight")],
    });
  });

  it("of bytes, of nothing, of JSON", () => {
    expect(of("bytes")).toMatchObject({
      input: { type: { kind: "bytes" }, encoding: "bytes" },
      output: { type: { kind: "bytes" }, encoding: "bytes" },
    });
    expect(of("empty")).not.toHaveProperty("input");
    expect(of("empty")).not.toHaveProperty("output");
    expect(of("asJson")?.input).toMatchObject({ encoding: "json" });
  });

  it("of interfaces", () => {
    expect(code.service("Faced")).toMatchObject({
      kind: "object",
      symbol: "faced",
      doc: { text: "With a face." },
    });
    expect(of("put", "Faced")).toMatchObject({
      kind: "exclusive",
      input: { type: named("FacedPutInput") },
    });
    expect(of("image", "Faced")).toMatchObject({ kind: "shared", output: { encoding: "bytes" } });
    expect(of("image", "Faced")).not.toHaveProperty("input");
    expect(of("named", "Faced")).toMatchObject({
      options: { description: "Named" },
      output: { type: { kind: "date" } },
    });
  });
});

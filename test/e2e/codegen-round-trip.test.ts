// Types made up at random, as TypeScript; codegen's contract of them; and values of theirs as JSON through the server's
// transcoder: to protobuf as a response has it, from there into a request, and back to JSON. Nothing may be lost.
//
// PERDURE_TEST_SEED=<seed> makes the same types again.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { generate } from "@perdure/codegen";
import { contractOf, typeSetOf } from "@perdure/server/typed/contract";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { repositoryFolder } from "../harness/paths.js";
import { testSeed } from "../harness/seed.js";

const seed = testSeed();
const types = 80;
const valuesOfEach = 25;

// ---- types

type Form =
  | { readonly kind: "scalar"; readonly text: string; readonly values: fc.Arbitrary<unknown> }
  | { readonly kind: "array" | "map" | "nullable"; readonly of: Form }
  | { readonly kind: "tuple"; readonly of: readonly Form[] }
  | { readonly kind: "object"; readonly name: string; readonly members: readonly Member[] }
  | { readonly kind: "enum"; readonly name: string; readonly values: readonly (string | number)[] }
  | {
      readonly kind: "tagged";
      readonly name: string;
      readonly variants: readonly (readonly Member[])[];
    }
  | { readonly kind: "mixed"; readonly name: string; readonly of: readonly Form[] };

interface Member {
  readonly name: string;
  readonly optional: boolean;
  readonly of: Form;
}

const scalars: readonly Form[] = [
  ["string", fc.string({ unit: "grapheme" })],
  ["number", fc.double({ noDefaultInfinity: true, noNaN: true })],
  ["boolean", fc.boolean()],
  ["bigint", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)],
  [
    "Date",
    fc
      .date({
        min: new Date("0001-01-01T00:00:00Z"),
        max: new Date("9999-12-31T23:59:59.999Z"),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString()),
  ],
  [
    "Uint8Array",
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  ],
  ["unknown", fc.jsonValue()],
  ["Count", fc.integer()],
  ["Large", fc.maxSafeInteger()],
  ['"only"', fc.constant("only")],
  ["7", fc.constant(7)],
  ["true", fc.constant(true)],
].map(([text, values]) => ({ kind: "scalar", text, values }) as Form);

/** "" stands for a type without a name; numbers are put behind the others, as no two types may share one. */
const typeName = fc.constantFrom("", "Thing", "Part");
const memberName = fc.constantFrom(
  "a",
  "b_c",
  "x-y",
  "userID",
  "constructor",
  "Q",
  "größe",
  "value",
);

const { form } = fc.letrec<{ form: Form; item: Form }>((tie) => {
  const part = tie("form");
  const member = fc.record({ name: memberName, optional: fc.boolean(), of: part });
  const members = fc.uniqueArray(member, {
    selector: ({ name }) => name,
    maxLength: 4,
    depthIdentifier: "form",
  });
  return {
    // No tuples in tuples: their names in protobuf are made of one another's (PDR6109).
    item: fc.oneof(
      { depthIdentifier: "form" },
      fc.constantFrom(...scalars),
      fc.record({
        kind: fc.constantFrom("array", "map", "nullable"),
        of: fc.constantFrom(...scalars),
      }) as fc.Arbitrary<Form>,
      fc.record({
        kind: fc.constant("object"),
        name: fc.constantFrom("Thing", "Part"),
        members,
      }) as fc.Arbitrary<Form>,
    ),
    form: fc.oneof(
      { maxDepth: 4, depthIdentifier: "form", depthSize: "medium" },
      fc.constantFrom(...scalars),
      fc.record({
        kind: fc.constantFrom("array", "map", "nullable"),
        of: part,
      }) as fc.Arbitrary<Form>,
      fc.record({
        kind: fc.constant("tuple"),
        of: fc.array(tie("item"), { minLength: 1, maxLength: 3, depthIdentifier: "form" }),
      }) as fc.Arbitrary<Form>,
      // An object without members and without a name is {}, which is anything.
      fc.record({ name: typeName, members }).map(({ name, members: all }): Form => ({
        kind: "object",
        name: all.length === 0 ? "Empty" : name,
        members: all,
      })),
      fc.record({
        kind: fc.constant("enum"),
        name: typeName,
        values: fc.constantFrom(["x", "b", "m-n"], [3, -1, 0.5], ["", "unspecified"], [0, 404]),
      }) as fc.Arbitrary<Form>,
      fc.record({
        kind: fc.constant("tagged"),
        name: typeName,
        variants: fc.array(members, { minLength: 2, maxLength: 3, depthIdentifier: "form" }),
      }) as fc.Arbitrary<Form>,
      fc
        .record({
          name: typeName,
          text: fc.constantFrom(scalars[0], scalars[3], scalars[4]),
          rest: fc.subarray([scalars[1], scalars[2], { kind: "array", of: scalars[1] } as Form], {
            minLength: 1,
          }),
        })
        .map(({ name, text, rest }) => ({ kind: "mixed", name, of: [text, ...rest] }) as Form),
    ),
  };
});

class Source {
  readonly declarations: string[] = [];
  #count = 0;

  textOf(of: Form): string {
    switch (of.kind) {
      case "scalar":
        return of.text;
      case "array":
        return `(${this.textOf(of.of)})[]`;
      case "map":
        return `Record<string, ${this.textOf(of.of)}>`;
      case "nullable":
        return `(${this.textOf(of.of)} | null)`;
      case "tuple":
        return `[${of.of.map((item) => this.textOf(item)).join(", ")}]`;
      case "object":
        return this.#named(of.name, this.#object(of.members));
      case "enum":
        return this.#named(of.name, of.values.map((value) => JSON.stringify(value)).join(" | "));
      case "tagged":
        return this.#named(
          of.name,
          of.variants.map((members, at) => this.#object(members, `kind: "v${at}"; `)).join(" | "),
        );
      case "mixed":
        return this.#named(of.name, of.of.map((variant) => this.textOf(variant)).join(" | "));
    }
  }

  #object(members: readonly Member[], head = ""): string {
    const all = members.map(
      ({ name, optional, of }) =>
        `${JSON.stringify(name)}${optional ? "?" : ""}: ${this.textOf(of)};`,
    );
    return `{ ${head}${all.join(" ")} }`;
  }

  #named(name: string, text: string): string {
    if (name === "") return `(${text})`;
    this.#count += 1;
    const full = `${name}${this.#count}`;
    const isObject = text.startsWith("{") && !text.includes("} | {");
    this.declarations.push(
      isObject ? `export interface ${full} ${text}` : `export type ${full} = ${text};`,
    );
    return full;
  }
}

function valueOf(of: Form): fc.Arbitrary<unknown> {
  switch (of.kind) {
    case "scalar":
      return of.values;
    case "array":
      return fc.array(valueOf(of.of), { maxLength: 4 });
    case "map":
      return fc.dictionary(key, valueOf(of.of), { maxKeys: 4, noNullPrototype: true });
    case "nullable":
      return fc.option(valueOf(of.of), { nil: null });
    case "tuple":
      return fc.tuple(...of.of.map(valueOf));
    case "object":
      return objectOf(of.members, {});
    case "enum":
      return fc.constantFrom(...of.values);
    case "tagged":
      return fc.oneof(...of.variants.map((members, at) => objectOf(members, { kind: `v${at}` })));
    case "mixed":
      return fc.oneof(...of.of.map(valueOf));
  }
}

const key = fc.string({ unit: "grapheme" }).filter((text) => text !== "__proto__");

function objectOf(members: readonly Member[], constants: object): fc.Arbitrary<object> {
  const model = Object.fromEntries(members.map(({ name, of }) => [name, valueOf(of)]));
  const requiredKeys = members.filter(({ optional }) => !optional).map(({ name }) => name);
  return fc
    .record(model, { requiredKeys, noNullPrototype: true })
    .map((value) => ({ ...constants, ...value }));
}

// ---- the contract

const folder = mkdtempSync(path.join(tmpdir(), "perdure-round-trip-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function sourceOf(forms: readonly Form[]): string {
  const source = new Source();
  const handlers = forms.map(
    (of, at) =>
      `  @handler() async h${at}(_: Context, value: ${source.textOf(of)}): Promise<${source.textOf(of)}> { throw value; }`,
  );
  return `import { handler, service, type Context } from "@perdure/sdk";
/** @protoType int32 */
type Count = number;
/** @protoType int64 */
type Large = number;
${source.declarations.join("\n")}
@service() export class Made {
${handlers.join("\n")}
}
`;
}

/** The response's output (field 1) as the request's input (field 2): where both have the same type, so do the bytes. */
function asRequest(response: Uint8Array): Uint8Array {
  const reader = new BinaryReader(response);
  const writer = new BinaryWriter();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const bytes = reader.skip(wireType, field);
    if (field === 1) writer.tag(2, wireType).raw(bytes);
  }
  return writer.finish();
}

test("values of any type come through protobuf as they were", async () => {
  const forms = fc.sample(form, { numRuns: types, seed });
  mkdirSync(path.join(folder, "src"));
  symlinkSync(
    path.join(repositoryFolder, "node_modules"),
    path.join(folder, "node_modules"),
    "dir",
  );
  const source = sourceOf(forms);
  writeFileSync(path.join(folder, "src/made.ts"), source);
  writeFileSync(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: path.join(repositoryFolder, "tsconfig.base.json"),
      compilerOptions: { types: ["node"] },
    }),
  );
  const { manifest, diagnostics } = await generate({
    cwd: folder,
    sources: ["src/*.ts"],
    out: "gen",
    package: "made.v1",
  });
  expect(diagnostics, `seed ${seed}\n${source}`).toEqual([]);
  if (manifest === undefined) throw new Error("nothing was generated");

  const contract = contractOf(manifest, typeSetOf(manifest.descriptorSet)).get("made.v1.Made");
  expect(contract?.methods.length).toBe(types);
  for (const { handler, codec } of contract?.methods ?? []) {
    const of = forms[Number(handler.name.slice(1))] as Form;
    const method = codec();
    fc.assert(
      fc.property(valueOf(of), (value) => {
        const text = JSON.stringify(value);
        const response = method.writeResponse({ output: Buffer.from(text), invocationId: "inv_1" });
        const { input } = method.readRequest(asRequest(response));
        const back = Buffer.from(input ?? "").toString();
        expect(JSON.parse(back), new Source().textOf(of)).toEqual(JSON.parse(text));
      }),
      { numRuns: valuesOfEach, seed },
    );
  }
}, 120_000);

// Types made up at random, written as TypeScript and read again.

import fc from "fast-check";
import { expect, it } from "vitest";
import type { Model } from "../model/services.js";
import type { ValueType } from "../model/types.js";
import { readCode } from "./project.fixture.js";

/** A type as text, and what it is: names resolved, objects with their members. */
interface Sample {
  readonly text: string;
  readonly shape: unknown;
}

const scalar: fc.Arbitrary<Sample> = fc.constantFrom<Sample>(
  { text: "string", shape: "string" },
  { text: "number", shape: "number" },
  { text: "boolean", shape: "boolean" },
  { text: "bigint", shape: "bigint" },
  { text: "Date", shape: "date" },
  { text: "Uint8Array", shape: "bytes" },
  { text: "unknown", shape: "json" },
  { text: '"a"', shape: { literal: "a" } },
  { text: "true", shape: { literal: true } },
  { text: "('x' | 'b' | 'm')", shape: { enum: ["x", "b", "m"] } },
  { text: "(3 | 1)", shape: { enum: [3, 1] } },
);

const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof({ maxDepth: 4, depthIdentifier: "type" }, scalar, ...composed(tie("sample"))),
}));

function composed(part: fc.Arbitrary<Sample>): readonly fc.Arbitrary<Sample>[] {
  const member = fc.record({
    name: fc.constantFrom("a", "b_c", "x-y", "z1", "Q"),
    of: part,
    isOptional: fc.boolean(),
  });
  return [
    part.map(({ text, shape }) => ({ text: `(${text})[]`, shape: { array: shape } })),
    part.map(({ text, shape }) => ({ text: `Record<string, ${text}>`, shape: { map: shape } })),
    fc.array(part, { minLength: 1, maxLength: 3, depthIdentifier: "type" }).map((items) => ({
      text: `[${items.map(({ text }) => text).join(", ")}]`,
      shape: { tuple: items.map(({ shape }) => shape) },
    })),
    part.map(({ text, shape }) => ({
      text: `(${text} | null)`,
      // Null is among what JSON says; and null or null is null.
      shape: shape === "json" || isNullable(shape) ? shape : { nullable: shape },
    })),
    fc
      .uniqueArray(member, {
        selector: ({ name }) => name,
        minLength: 1,
        maxLength: 4,
        depthIdentifier: "type",
      })
      .map((members) => ({
        text: `{ ${members
          .map(({ name, of, isOptional }) => `"${name}"${isOptional ? "?" : ""}: ${of.text}`)
          .join("; ")} }`,
        shape: {
          object: members.map(({ name, of, isOptional }) => [name, isOptional, of.shape]),
        },
      })),
  ];
}

function isNullable(shape: unknown): boolean {
  return typeof shape === "object" && shape !== null && "nullable" in shape;
}

/** What was read, in the same words. */
function shapeOf(model: Model, type: ValueType): unknown {
  const inside = (part: ValueType) => shapeOf(model, part);
  switch (type.kind) {
    case "array":
      return { array: inside(type.element) };
    case "map":
      return { map: inside(type.value) };
    case "tuple":
      return { tuple: type.items.map(inside) };
    case "literal":
      return { literal: type.value };
    case "union": {
      expect(type.members[1]).toEqual({ kind: "null" });
      return { nullable: inside(type.members[0] as ValueType) };
    }
    case "named": {
      const named = model.types.get(type.name);
      if (named?.kind === "enum") return { enum: named.values.map(({ value }) => value) };
      if (named?.kind !== "object") throw new Error(`${type.name} is ${String(named?.kind)}`);
      return {
        object: named.members.map(({ name, optional, type: of }) => [name, optional, inside(of)]),
      };
    }
    default:
      return type.kind;
  }
}

it("reads types as they were made up", { timeout: 60_000 }, () => {
  // All in one project: opening one takes long. So nothing shrinks; the text of the type says it all.
  const samples = fc.sample(sample, 150);
  const methods = samples.map(
    ({ text }, at) =>
      `  @handler() async h${String(at)}(_: Context, value: ${text}): Promise<void> { void value; }`,
  );
  const code = readCode({
    "a.ts": `import { handler, service, type Context } from "@perdure/sdk";
@service() export class Made {\n${methods.join("\n")}\n}`,
  });
  expect(code.problems()).toEqual([]);
  for (const [at, { name, input }] of code.service("Made").handlers.entries()) {
    const made = samples[at];
    const read = input === undefined ? undefined : shapeOf(code.model, input.type);
    expect({ name, text: made?.text, read }).toEqual({
      name: `h${String(at)}`,
      text: made?.text,
      read: made?.shape,
    });
  }
});

import { describe, expect, test } from "vitest";
import { schemaChanges } from "./json-schema-changes.js";
import type { TypeChange } from "./type-change.js";

/** "!" before what breaks callers. */
function told(changes: readonly TypeChange[]): string[] {
  return changes.map(
    ({ path, text, breaksCallers }) => `${breaksCallers ? "!" : ""}${path} ${text}`,
  );
}

const string = { type: "string" };
const number = { type: "number" };
const nullable = { anyOf: [string, { type: "null" }] };
const date = { type: "string", format: "date-time", "x-perdure-type": "Date" };
const object = (properties: object, ...required: string[]): object => ({
  type: "object",
  properties,
  required,
});
const shape = (kind: string, member: string): object =>
  object({ kind: { const: kind }, [member]: number }, "kind", member);

describe("between two JSON schemas, of an input and of an output, is told", () => {
  test.each<readonly [string, object | true, object | true, readonly string[], readonly string[]]>([
    ["nothing where they are the same", string, { ...string, description: "x" }, [], []],
    [
      "another type",
      string,
      number,
      ["!input was a string and is a number now"],
      ["!output was a string and is a number now"],
    ],
    [
      "a whole number that may be any",
      { type: "integer" },
      number,
      ["input was a whole number and is a number now"],
      ["!output was a whole number and is a number now"],
    ],
    [
      "a text that is a Date",
      string,
      date,
      ["!input was a string and is a Date now"],
      ["!output was a string and is a Date now"],
    ],
    ["null that is new", string, nullable, ["input takes null now"], ["!output may be null now"]],
    [
      "null that is gone, in other words",
      { type: ["string", "null"] },
      string,
      ["!input does not take null any more"],
      ["output is not null any more"],
    ],
    [
      "a required member that is new",
      object({}),
      object({ a: string }, "a"),
      ["!input.a is new and must be there"],
      ["output.a is new"],
    ],
    [
      "an optional member that is new",
      object({}),
      object({ a: string }),
      ["input.a is new"],
      ["output.a is new"],
    ],
    [
      "a required member that is gone",
      object({ a: string }, "a"),
      object({}),
      ["input.a is not read any more"],
      ["!output.a is gone"],
    ],
    [
      "an optional member that is gone",
      object({ a: string }),
      object({}),
      ["input.a is not read any more"],
      ["output.a is gone; it was optional"],
    ],
    [
      "a member that is gone and refused",
      object({ a: string }),
      { ...object({}), additionalProperties: false },
      ["!input.a is not taken any more", "!input takes no members but its own now"],
      ["output.a is gone; it was optional", "output takes no members but its own now"],
    ],
    [
      "a member that must be there",
      object({ a: string }),
      object({ a: string }, "a"),
      ["!input.a must always be there now"],
      ["output.a will always be there now"],
    ],
    [
      "a member that may be left out",
      object({ a: string }, "a"),
      object({ a: string }),
      ["input.a may be left out now"],
      ["!output.a may be left out now"],
    ],
    [
      "a change deep inside",
      object({ users: { type: "array", items: object({ email: string }, "email") } }, "users"),
      object({ users: { type: "array", items: object({ email: number }, "email") } }, "users"),
      ["!input.users[].email was a string and is a number now"],
      ["!output.users[].email was a string and is a number now"],
    ],
    [
      "a change in the values of a record",
      { type: "object", additionalProperties: string },
      { type: "object", additionalProperties: number },
      ["!input{} was a string and is a number now"],
      ["!output{} was a string and is a number now"],
    ],
    [
      "an item of a tuple",
      { type: "array", prefixItems: [string, string] },
      { type: "array", prefixItems: [string, number] },
      ["!input[1] was a string and is a number now"],
      ["!output[1] was a string and is a number now"],
    ],
    [
      "a tuple that is longer",
      { type: "array", prefixItems: [string] },
      { type: "array", prefixItems: [string, number] },
      ["!input had 1 item and has 2 items now"],
      ["!output had 1 item and has 2 items now"],
    ],
    [
      "a value of an enum that is new",
      { enum: ["a"] },
      { enum: ["a", "b"] },
      ['input takes "b" now'],
      ['output may be "b" now'],
    ],
    [
      "a value of an enum that is gone",
      { enum: ["a", "b"] },
      { enum: ["a"] },
      ['!input does not take "b" any more'],
      ['output is not "b" any more'],
    ],
    [
      "an enum where any text was",
      string,
      { enum: ["a", "b"] },
      ['!input does not take a string any more, only "a", "b"'],
      ['output is not a string any more, only "a", "b"'],
    ],
    [
      "any text where an enum was",
      { enum: ["a", "b"] },
      string,
      ["input takes a string now"],
      ["!output may be a string now"],
    ],
    [
      "a variant of a union that is new",
      { anyOf: [shape("circle", "radius")] },
      { anyOf: [shape("circle", "radius"), shape("square", "side")] },
      ['input takes an object with kind "square" now'],
      ['!output may be an object with kind "square" now'],
    ],
    [
      "a variant of a union that is gone",
      { anyOf: [shape("circle", "radius"), shape("square", "side")] },
      { anyOf: [shape("square", "side")] },
      ['!input does not take an object with kind "circle" any more'],
      ['output is not an object with kind "circle" any more'],
    ],
    [
      "a member of one variant",
      { anyOf: [shape("circle", "radius"), shape("square", "side")] },
      { anyOf: [shape("square", "side"), shape("circle", "r")] },
      ["input.radius is not read any more", "!input.r is new and must be there"],
      ["!output.radius is gone", "output.r is new"],
    ],
    [
      "a type where anything was",
      {},
      string,
      ["!input could be anything and is a string now"],
      ["output could be anything and is a string now"],
    ],
    [
      "anything where a type was",
      string,
      true,
      ["input was a string and can be anything now"],
      ["!output was a string and can be anything now"],
    ],
    [
      "a bound that is tighter",
      { ...string, maxLength: 10 },
      { ...string, maxLength: 5 },
      ["!input has maxLength 5 now, and had 10"],
      ["output has maxLength 5 now, and had 10"],
    ],
    [
      "a bound that is gone",
      { ...number, minimum: 0 },
      number,
      ["input has minimum none now, and had 0"],
      ["!output has minimum none now, and had 0"],
    ],
    [
      "another pattern",
      { ...string, pattern: "a" },
      { ...string, pattern: "b" },
      ['!input has pattern "b" now, and had "a"'],
      ['!output has pattern "b" now, and had "a"'],
    ],
    [
      "what can't be judged",
      { ...string, not: { const: "a" } },
      { ...string, not: { const: "b" } },
      ['!input changed "not" of its JSON schema'],
      ['!output changed "not" of its JSON schema'],
    ],
  ])("%s", (_what, before, after, input, output) => {
    const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
    expect(told(schemaChanges(was, is, "input"))).toEqual(input);
    expect(told(schemaChanges(was, is, "output"))).toEqual(output);
  });

  test("what changed inside of a recursive type, once", () => {
    const tree = (value: object): string =>
      JSON.stringify({
        $ref: "#/$defs/Tree",
        $defs: {
          Tree: object({ value, children: { type: "array", items: { $ref: "#/$defs/Tree" } } }),
        },
      });
    expect(told(schemaChanges(tree(string), tree(number), "input"))).toEqual([
      "!input.value was a string and is a number now",
    ]);
  });

  test.each([
    ["a reference", (node: object) => ({ anyOf: [node, { type: "null" }] })],
    ["a list of types", (_node: object) => ({ $ref: "#/$defs/MaybeNode" })],
  ])("what changed inside of a nullable recursive type, by %s", (_how, maybe) => {
    const list = (value: object): string => {
      const members = object({ value, next: maybe({ $ref: "#/$defs/Node" }) }, "value");
      return JSON.stringify({
        $ref: "#/$defs/Node",
        $defs: { Node: members, MaybeNode: { ...members, type: ["object", "null"] } },
      });
    };
    expect(told(schemaChanges(list(string), list(number), "input"))[0]).toBe(
      "!input.value was a string and is a number now",
    );
  });

  test("something, soon, also of schemas that only an attacker writes", () => {
    const nested = (inner: object, depth: number): object => {
      let schema = inner;
      for (let i = 0; i < depth; i++) schema = { type: "array", items: schema };
      return schema;
    };
    const deep = (inner: object): string => JSON.stringify(nested(inner, 1_000));
    const doubling = (last: object): string =>
      JSON.stringify({
        $ref: "#/$defs/d0",
        $defs: Object.fromEntries(
          Array.from({ length: 30 }, (_, i) => {
            const next = { $ref: `#/$defs/d${i + 1}` };
            return [`d${i}`, i === 29 ? last : { anyOf: [next, next, { const: i }] }];
          }),
        ),
      });

    expect(told(schemaChanges(deep(string), deep(number), "input"))[0]).toMatch(/^!.*too deep/);
    expect(told(schemaChanges(doubling(string), doubling(number), "input"))).toEqual([
      "!input was a string and is a number now",
    ]);
    const many = (prefix: string): string => {
      const one = (_: unknown, at: number): object => object({ [`${prefix}${at}`]: { const: at } });
      return JSON.stringify({ anyOf: Array.from({ length: 5_000 }, one) });
    };
    expect(told(schemaChanges(many("a"), many("b"), "input"))[0]).toMatch(/^!.*does not take/);
    const enums = (prefix: string): string => {
      const values = Array.from({ length: 20_000 }, (_, at) => `${prefix}${at}`);
      return JSON.stringify({
        anyOf: [{ enum: values }, ...values.map((at) => object({ [at]: {} }))],
      });
    };
    expect(told(schemaChanges(enums("a"), enums("b"), "input"))).not.toEqual([]);
    // Each member of a ring is compared with each of another: their lengths have no common divisor.
    const ring = (length: number, last: object): string => {
      const next = (at: number): object => ({ $ref: `#/$defs/d${at % length}` });
      const one = (_: unknown, at: number): [string, object] => [
        `d${at}`,
        object({ a: next(at + 1), b: next(at * 7 + 3), last }),
      ];
      return JSON.stringify({ ...next(0), $defs: Object.fromEntries(Array.from({ length }, one)) });
    };
    expect(told(schemaChanges(ring(2_003, string), ring(2_011, string), "input"))).toEqual([
      "!input changed its JSON schema, in more places than can be compared",
    ]);
    const odd = JSON.stringify({ $ref: "#/%" });
    expect(told(schemaChanges(odd, "{}", "input"))).toEqual(["!input changed its JSON schema"]);
  });

  test("a schema that comes or goes as a whole, which says nothing of the values", () => {
    expect(told(schemaChanges("", "{}", "input"))).toEqual(["input has a JSON schema now"]);
    expect(told(schemaChanges("{}", "", "output"))).toEqual(["output has no JSON schema any more"]);
  });

  test("a schema that is no JSON, as broken", () => {
    expect(told(schemaChanges("{}", "{", "input"))).toEqual(["!input changed its JSON schema"]);
  });
});

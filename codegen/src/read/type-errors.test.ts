// Every complaint about types, with its place. All files are read at once: opening a project is what takes long.

import { beforeAll, expect, it } from "vitest";
import { readCode, type Reading } from "./project.fixture.js";

type Case = readonly [what: string, type: string, problems: readonly string[], before?: string];

// The type begins at 3:27 of its file.
const cases: readonly Case[] = [
  ["a function", "{ f: () => void }", ["PDR6011 3:29 member f"]],
  ["a method", "{ f(): void }", ["PDR6011 3:29 member f"]],
  ["a symbol", "{ a: symbol }", ["PDR6011 3:29 member a"]],
  ["a Map", "Map<string, string>", ["PDR6011 3:27 the input"]],
  ["a Set in an array", "Set<string>[]", ["PDR6011 3:27 an element of the input"]],
  ["a RegExp", "RegExp", ["PDR6011 3:27 the input"]],
  ["an error", "TypeError", ["PDR6011 3:27 the input"]],
  [
    "an error of one's own",
    "Mine",
    ["PDR6011 3:27 the input"],
    "class Mine extends Error { code = 1 }",
  ],
  [
    "a class with methods",
    "Account",
    ["PDR6011 1:25 member close of Account"],
    "class Account { id = 1; close(): void {} }",
  ],
  [
    "a private member",
    "Hidden",
    ["PDR6011 1:24 member id of Hidden"],
    "class Hidden { private id = 1; n = this.id }",
  ],
  [
    "an accessor",
    "Getter",
    ["PDR6011 1:20 member id of Getter"],
    "class Getter { get id() { return 1; } n = 1 }",
  ],
  ["a class of a library", "FormData", ["PDR6011 3:27 the input"]],
  ["object", "object", ["PDR6011 3:27 the input"]],
  ["{}", "{ a: {} }", ["PDR6011 3:29 member a"]],
  ["a boxed string", "String", ["PDR6011 3:27 the input"]],
  ["another typed array", "Float64Array", ["PDR6011 3:27 the input"]],
  ["a literal bigint", "{ n: 5n }", ["PDR6011 3:29 member n"]],
  [
    "an enum of both kinds",
    "{ e: Both }",
    ["PDR6011 1:6 the enum Both"],
    'enum Both { A = "a", B = 1 }',
  ],
  [
    "an enum's computed value",
    "{ e: Odd }",
    ["PDR6005 1:15 the value"],
    'enum Odd { Z, A = "abc".length }',
  ],
  ["string or Date", "string | Date", ["PDR6012 3:27 the input"]],
  ["two arrays", "string[] | number[]", ["PDR6012 3:27 the input"]],
  ["objects without a literal", "{ a: string } | { b: string }", ["PDR6012 3:27 the input"]],
  ["an object beside a map", '{ a: "x" } | Record<string, number>', ["PDR6012 3:27 the input"]],
  [
    "undefined in an array",
    "{ list: (string | undefined)[] }",
    ["PDR6013 3:29 an element of member list"],
  ],
  ["undefined in a map", "Record<string, string | undefined>", ["PDR6013 3:27 a value"]],
  ["undefined in a tuple", "[string | undefined]", ["PDR6013 3:27 item 1"]],
  ["an array of itself", "Nested", ["PDR6014 3:27"], "type Nested = Nested[];"],
  [
    "an instance without end",
    "Deep<string>",
    ["PDR6014"],
    "interface Deep<T> { next: Deep<T[]> | null }",
  ],
  [
    "two types with one name",
    "{ a: Twin; b: Other.Twin }",
    ["PDR6015 1:65 two types have the name Twin"],
    "interface Twin { a: string } namespace Other { export interface Twin { b: string } }",
  ],
  [
    "a name that is taken by a place",
    "{ a: Taken; inner: { deep: { x: 1 } } }",
    ["PDR6015 3:39 two types"],
    "interface SERVICETakeInputInner { y: string } interface Taken { z: SERVICETakeInputInner }",
  ],
  ["an optional item", "[a: string, b?: number]", ["PDR6016 3:27 the input"]],
  ["rest items", "[string, ...number[]]", ["PDR6016 3:27 the input"]],
  ["members and an index", "{ a: string; [other: string]: string }", ["PDR6017 3:27 the input"]],
  ["a missing name", "Missing", ["PDR6004 3:27 the type of the input"]],
  [
    "a missing import",
    "{ a: Gone[] }",
    ["PDR6004 3:29 the type of an element of member a"],
    'import type { Gone } from "./gone.js";',
  ],
  [
    "@protoType on a string",
    "Tagged",
    ["PDR6019 2:5 @protoType is for numbers"],
    "interface Tagged { /**/ \n/** @protoType int32 */ a: string }",
  ],
  [
    "a form that is none",
    "Formed",
    ["PDR6019"],
    "interface Formed {\n/** @protoType int8 */ a: number }",
  ],
  [
    "a bad name",
    "Misnamed",
    ["PDR6019"],
    "/** @protoName not-a-name */ interface Misnamed { a: number }",
  ],
  [
    "a member without a type",
    "Untyped",
    ["PDR6010 1:21 member a"],
    "interface Untyped { a; b: any }",
  ],
  [
    "a member whose value has none",
    "ReturnType<typeof made>",
    ["PDR6010 1:29 member a"],
    "const made = () => ({ b: 1, a: JSON.parse('1') });",
  ],
  ["symbols as keys", "{ [key: symbol]: string }", ["PDR6011 3:27"]],
  [
    "several things at once",
    "{ a: Map<string, string>; b: symbol }",
    ["PDR6011 3:29 member a", "PDR6011 3:53 member b"],
  ],
];

const fileOf = (at: number) => `case-${String(at)}.ts`;

let code: Reading;
beforeAll(() => {
  const files = cases.map(([, type, , before = ""], at): [string, string] => [
    fileOf(at),
    `${before.replaceAll("SERVICE", `C${String(at)}`)}
import { handler, service, type Context } from "@perdure/sdk"; @service() export class C${String(at)} { @handler()
async take(_: Context, a: ${type}): Promise<void> {} }
export {};`,
  ]);
  code = readCode(Object.fromEntries(files));
}, 60_000);

it.each(cases.map((of, at) => [...of.slice(0, 2), at] as [string, string, number]))(
  "%s: %s",
  (_, __, at) => {
    const problems = code
      .problems(fileOf(at))
      .map((text) => text.replace(`src/${fileOf(at)}:`, ""));
    const expected = cases[at]?.[2] ?? [];
    expect(problems.map((text, index) => text.slice(0, expected[index]?.length))).toEqual(expected);
  },
);

it("says what to do", () => {
  const errors = code.diagnostics.filter(({ code: of }) => of.startsWith("PDR60"));
  expect(
    errors.every(
      ({ advice, message }) => advice !== "" && !advice.endsWith(".") && !message.endsWith("."),
    ),
  ).toBe(true);
});

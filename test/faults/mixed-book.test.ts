// The book of the mixed load finds what it is there to find: each promise is broken once, on paper.

import { appendFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { MixedBook } from "./mixed-book.js";

const bed = useBed("after each");
let file = "";
let book: MixedBook;

beforeEach(() => {
  file = path.join(bed.directory(), "effects");
  book = new MixedBook(file);
});

function ran(step: string, value: string, ...used: string[]): void {
  appendFileSync(file, `${JSON.stringify({ who: "op", step, value, used })}\n`);
}

function ended(disturbances: number, ...told: (readonly [string, string])[]): readonly string[] {
  book.ended({ id: "op", told, disturbances, offences: [] });
  book.judge(true);
  return book.offences;
}

test("an operation whose steps ran once, or again where something was killed, is fine", () => {
  ran("one", "a");
  ran("one", "b");
  ran("two", "c", "b");

  expect(ended(1, ["one", "b"], ["two", "c"])).toEqual([]);
  expect(book.figures).toEqual({ judged: 1, executions: 3, repeats: 1 });
  expect(book.untold).toEqual([]);
});

test("a step that ran again although nothing was disturbed is found", () => {
  ran("one", "a");
  ran("one", "b");

  expect(ended(0, ["one", "b"]).join()).toContain("1 repeats, but only 0 disturbances");
});

test("a step that ran again after its result was used is found", () => {
  ran("one", "a");
  ran("two", "b", "a");
  ran("one", "c");

  expect(ended(5, ["one", "a"], ["two", "b"]).join()).toContain("ran again after its result");
});

test("an answer that no step gave is found", () => {
  ran("one", "a");

  expect(ended(0, ["one", "x"]).join()).toContain("no step gave it");
});

test("a step that nobody asked for is found", () => {
  ran("one", "a");
  ran("two", "b");

  expect(ended(0, ["one", "a"]).join()).toContain("nobody asked for two");
});

test("a step that runs after the end is found, and so are steps without an answer", () => {
  ran("one", "a");
  book.ended({ id: "op", told: [["one", "a"]], disturbances: 0, offences: [] });
  book.judge(true);
  ran("one", "b");
  book.judge(true);

  expect(book.offences.join()).toContain("op: one ran after its end");
  expect(book.offences.join()).toContain("op: steps, but no answer");
});

test.each([
  ["one addition is lost", [1, 2], 1],
  ["one addition took place twice", [1, 2, 4], 4],
  ["two were told the same", [1, 2, 2], 3],
])("a counter is found out: %s", (_, values, holds) => {
  for (const value of values) book.added("c", value);
  book.judgeCounter("c", holds);

  expect(book.offences).not.toEqual([]);
});

test("a counter that gave each number once is fine", () => {
  for (const value of [2, 1, 3]) book.added("c", value);
  book.judgeCounter("c", 3);

  expect(book.offences).toEqual([]);
});

test.each([
  ["took place", 3, true],
  ["was lost on its way", 2, true],
  ["took place twice", 4, false],
])("an addition whose caller was never told %s", (_, holds, isFine) => {
  for (const value of [1, 2]) book.added("c", value);
  book.mayHaveAdded("c");
  book.judgeCounter("c", holds);

  expect(book.offences.length === 0).toBe(isFine);
});

test.each([
  ["never began", [], true],
  ["came to its end", ["one", "two"], true],
  ["began, and never came to its end", ["one"], false],
  ["ran a second time after its end", ["one", "two", "one"], false],
])("an operation whose caller asked until it was too late: it %s", (_, steps, isFine) => {
  steps.forEach((step, at) => ran(step, `value ${at}`, ...(at > 0 ? [`value ${at - 1}`] : [])));
  book.askedTooLate("op", ["one", "two"]);
  book.judge();
  book.judge(true);

  expect(book.offences.length === 0).toBe(isFine);
  expect(book.untold).toHaveLength(1);
});

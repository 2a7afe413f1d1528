import { expect, test } from "vitest";
import type { Tables } from "../core/tables.js";
import { LargeStates } from "./large-states.js";

const tables = {} as Tables;
const others = {} as Tables;

test("an object that was found large is taken to be so for its next 50 attempts, in its own partition", () => {
  const states = new LargeStates();
  states.add(tables, "object");

  const taken = Array.from({ length: 60 }, () => states.has(tables, "object"));

  expect(taken.filter((isLarge) => isLarge)).toHaveLength(50);
  expect(taken.at(-1)).toBe(false);
  expect(states.has(others, "object")).toBe(false);
});

test("what is remembered is bounded: the oldest is forgotten", () => {
  const states = new LargeStates();

  for (let n = 0; n <= 1_000; n++) states.add(tables, `object ${String(n)}`);

  expect(states.has(tables, "object 0")).toBe(false);
  expect(states.has(tables, "object 1")).toBe(true);
  expect(states.has(tables, "object 1000")).toBe(true);
});

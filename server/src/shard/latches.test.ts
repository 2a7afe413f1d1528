import { describe, expect, test } from "vitest";
import { newInvocation } from "../core/invocation.js";
import { resultOf } from "../core/events.fixture.js";
import { Latches } from "./latches.js";

describe("latches", () => {
  test("on one run are all released by its end, once", () => {
    const latches = new Latches();
    const told: unknown[] = [];
    latches.add("a", (_, output) => told.push(["first", output]));
    latches.add("a", (_, output) => told.push(["second", output]));
    latches.add("b", () => told.push("other"));

    latches.release("a", newInvocation(), resultOf("x"));
    latches.release("a", newInvocation(), resultOf("again"));

    expect(told).toEqual([
      ["first", resultOf("x")],
      ["second", resultOf("x")],
    ]);
  });

  test("that were taken off are not told", () => {
    const latches = new Latches();
    const told: string[] = [];
    const takeOff = latches.add("a", () => told.push("gone"));
    latches.add("a", () => told.push("there"));

    takeOff();
    takeOff();
    latches.release("a", newInvocation(), resultOf("x"));

    expect(told).toEqual(["there"]);
  });

  test("that are taken off late leave newer ones of the same run alone", () => {
    const latches = new Latches();
    const told: string[] = [];
    const takeOff = latches.add("a", () => undefined);
    latches.release("a", newInvocation(), resultOf("x"));
    latches.add("a", () => told.push("newer"));

    takeOff();
    latches.release("a", newInvocation(), resultOf("y"));

    expect(told).toEqual(["newer"]);
  });
});

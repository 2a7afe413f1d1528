import { describe, expect, test } from "vitest";
import { fewUnderWay, LoopLimit } from "./loop-limit.js";

/** A loop with so much under way: a turn takes as long as what is under way needs in it. */
class Loop {
  readonly limit = new LoopLimit();
  nowMs = 0;

  turn(busyMs: number, underWay: number): boolean {
    this.limit.saw(underWay);
    const refused = underWay >= this.limit.limit;
    this.nowMs += busyMs;
    this.limit.turned(busyMs, this.nowMs);
    return refused;
  }
}

describe("what is under way at the same time", () => {
  test("has no limit while turns are short", () => {
    const loop = new Loop();
    for (let turn = 0; turn < 1_000; turn++) expect(loop.turn(19, 100_000)).toBe(false);
  });

  test("has none after a single long turn, however long it was", () => {
    const loop = new Loop();
    loop.turn(1, 5_000);
    loop.turn(800, 5_000);
    for (let turn = 0; turn < 100; turn++) expect(loop.turn(10, 5_000)).toBe(false);
  });

  test("is limited when turns stay long, and comes down to what short turns can do", () => {
    const loop = new Loop();
    let underWay = 10_000;
    for (let turn = 0; turn < 100; turn++) {
      if (loop.turn(underWay / 50, underWay)) underWay = Math.min(underWay, loop.limit.limit);
    }
    expect(underWay).toBeLessThan(1_200);
    expect(underWay).toBeGreaterThan(700);
  });

  test("is never limited to less than a few, however slow the loop is", () => {
    const loop = new Loop();
    for (let turn = 0; turn < 100; turn++) loop.turn(500, fewUnderWay * 2);
    expect(loop.limit.limit).toBe(fewUnderWay);
  });

  test("has no limit any more soon after turns are short again", () => {
    const loop = new Loop();
    for (let turn = 0; turn < 100; turn++) loop.turn(100, 1_000);
    for (let turn = 0; turn < 100; turn++) loop.turn(10, 100);
    expect(loop.limit.limit).toBe(Infinity);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createClock, type Clock } from "./clock.js";

/** Clocks that a test moves by hand. */
class Clocks {
  wallMs = 1_700_000_000_000;
  monotonicMs = 5;
  readonly clock: Clock = createClock(
    () => this.wallMs,
    () => this.monotonicMs,
  );

  /** Real time passes; the wall clock may be set meanwhile. */
  pass(ms: number, setBy = 0): number {
    this.monotonicMs += ms;
    this.wallMs += ms + setBy;
    return this.clock.now();
  }
}

describe("event time", () => {
  test("is the wall clock's when nobody sets it, fractions included", () => {
    const clocks = new Clocks();

    expect(clocks.clock.now()).toBe(1_700_000_000_000);
    expect(clocks.pass(1_000.25)).toBe(1_700_000_001_000.25);
    expect(clocks.pass(0)).toBe(1_700_000_001_000.25);
  });

  test("goes on at its pace when the wall clock is set forward, a little faster until it has caught up", () => {
    const clocks = new Clocks();
    const start = clocks.clock.now();

    expect(clocks.pass(1_000, 60_000) - start).toBeCloseTo(1_050);
    for (let n = 0; n < 2_000; n++) clocks.pass(1_000);

    expect(clocks.clock.now()).toBeCloseTo(clocks.wallMs, 0);
  });

  test("neither stands still nor goes back when the wall clock is set back", () => {
    const clocks = new Clocks();
    const start = clocks.clock.now();

    expect(clocks.pass(1_000, -3_600_000) - start).toBeCloseTo(950);
    for (let n = 0; n < 100_000; n++) clocks.pass(1_000);

    expect(clocks.clock.now()).toBeCloseTo(clocks.wallMs, 0);
  });

  test("goes on from a later time that it is told, and is drawn to the wall clock from there", () => {
    const clocks = new Clocks();
    const start = clocks.clock.now();
    clocks.clock.raiseTo?.(start + 60_000);
    clocks.clock.raiseTo?.(start);

    expect(clocks.clock.now() - start).toBe(60_000);
    expect(clocks.pass(1_000) - start).toBeCloseTo(60_950);
    for (let n = 0; n < 2_000; n++) clocks.pass(1_000);
    expect(clocks.clock.now()).toBeCloseTo(clocks.wallMs, 0);
  });

  test("never goes back, and is never more than a twentieth faster or slower than real time", () => {
    const steps = fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.integer()));
    fc.assert(
      fc.property(steps, (all) => {
        const clocks = new Clocks();
        let before = clocks.clock.now();
        for (const [ms, setBy] of all) {
          const now = clocks.pass(ms, setBy);

          expect(now - before).toBeGreaterThanOrEqual(ms * 0.95 - 0.01);
          expect(now - before).toBeLessThanOrEqual(ms * 1.05 + 0.01);
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
      }),
    );
  });

  test("begins with the wall clock's time, also if the process is halted between two looks", () => {
    let [ms, looks] = [0, 0];
    const monotonic = (): number => {
      const now = ms;
      if (looks++ % 2 === 0 && looks < 5) ms += 700;
      return now;
    };
    const clock = createClock(() => 1e9 + ms, monotonic);

    expect(clock.now()).toBeCloseTo(1e9 + ms, 0);
  });

  test("is the machine's, unless told otherwise", () => {
    const before = Date.now();
    const now = createClock().now();
    const after = Date.now();

    expect(now).toBeGreaterThan(before - 50);
    expect(now).toBeLessThan(after + 50);
  });
});

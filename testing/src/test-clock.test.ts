import { describe, expect, test } from "vitest";
import { TestClock } from "./test-clock.js";

describe("a test clock", () => {
  test("goes as the clock that it is made of", () => {
    let real = 1_000;
    const clock = new TestClock({ now: () => real });

    real = 1_500;

    expect(clock.now()).toBe(1_500);
  });

  test("is set forward, tells so, and goes on from there", () => {
    let real = 1_000;
    const told: number[] = [];
    const clock = new TestClock({ now: () => real });
    clock.onMoved(() => told.push(clock.now()));

    clock.moveTo(9_000);
    real = 1_100;

    expect(told).toEqual([9_000]);
    expect(clock.now()).toBe(9_100);
  });

  test("stands still at a whole millisecond, can be moved, and goes on from there", () => {
    let real = 1_000.25;
    const clock = new TestClock({ now: () => real });

    clock.stop();
    real += 500;
    expect(clock.now()).toBe(1_001);
    clock.moveTo(2_000);
    real += 500;
    expect(clock.now()).toBe(2_000);
    clock.start();
    clock.start();
    expect(clock.now()).toBe(2_000);
    real += 500;

    expect(clock.now()).toBe(2_500);
  });

  test("does not go back when it goes on", () => {
    let real = 1_000;
    const clock = new TestClock({ now: () => real });
    clock.stop();
    real += 60_000;
    clock.start();

    expect(clock.now()).toBe(1_000);
    clock.moveTo(500);
    expect(clock.now()).toBe(1_000);
  });

  test("never goes back, but lets what is due fire", () => {
    let moved = 0;
    const clock = new TestClock({ now: () => 5_000 });
    clock.onMoved(() => moved++);

    clock.moveTo(4_000);

    expect(clock.now()).toBe(5_000);
    expect(moved).toBe(1);
  });
});

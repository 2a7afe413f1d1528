import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TimerHeads } from "./timer-heads.js";

let nowMs: number;
let fired: [partition: number, until: number, at: number][];
let heads: TimerHeads;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  nowMs = 1_000;
  fired = [];
  heads = new TimerHeads(
    () => nowMs,
    (partition, until) => fired.push([partition, until, nowMs]),
  );
});

afterEach(() => {
  heads.close();
  vi.useRealTimers();
});

/** Both clocks go on, a millisecond at a time. */
function pass(ms: number): void {
  for (let n = 0; n < ms; n++) {
    nowMs++;
    vi.advanceTimersByTime(1);
  }
}

describe("the heads of the timers", () => {
  test("ask for a partition's timers when its first one is due, once", () => {
    heads.arm(3, 1_500);

    pass(499);
    expect(fired).toEqual([]);
    pass(1);
    expect(fired).toEqual([[3, 1_500, 1_500]]);
    pass(5_000);
    expect(fired).toHaveLength(1);
  });

  test("ask again when they are told what is left", () => {
    heads.arm(3, 1_100);
    pass(100);
    heads.reset(3, 1_300);

    pass(200);

    expect(fired.map(([, , at]) => at)).toEqual([1_100, 1_300]);
  });

  test("fire what became due at once when the clock is set forward, and wait for the rest", () => {
    heads.arm(3, 60_000);
    heads.arm(4, 61_000);
    nowMs = 60_000;
    expect(heads.next).toBe(60_000);

    heads.clockMoved();

    expect(fired).toEqual([[3, 60_000, 60_000]]);
    expect(heads.next).toBe(61_000);
    pass(1_000);
    expect(fired.at(-1)).toEqual([4, 61_000, 61_000]);
  });

  test("fire nothing that a clock makes due after they were closed", () => {
    heads.arm(3, 2_000);
    heads.close();
    nowMs = 3_000;

    heads.clockMoved();

    expect(fired).toEqual([]);
  });

  test("follow the earliest of all, in whatever order they come", () => {
    heads.arm(1, 1_300);
    heads.arm(2, 1_100);
    heads.arm(1, 1_200);
    heads.arm(2, 9_000);

    pass(500);

    expect(fired).toEqual([
      [2, 1_100, 1_100],
      [1, 1_200, 1_200],
    ]);
  });

  test("ask for what is due already at once", () => {
    heads.arm(0, 500);
    heads.arm(63, 1_000);

    vi.advanceTimersByTime(0);

    expect(fired.map(([partition]) => partition)).toEqual([0, 63]);
  });

  test("ask for nothing where nothing is left", () => {
    heads.arm(3, 1_100);
    heads.reset(3, Infinity);

    pass(1_000);

    expect(fired).toEqual([]);
  });

  test("wait for months in one go, and for a clock that is drawn meanwhile", () => {
    const monthMs = 31 * 24 * 3_600_000;
    heads.arm(5, nowMs + monthMs);
    vi.advanceTimersByTime(600_000);
    expect(fired).toEqual([]);

    // The clock was behind: it says that the time has come, earlier than the first wait thought.
    nowMs += monthMs;
    vi.advanceTimersByTime(60_000);

    expect(fired.map(([partition]) => partition)).toEqual([5]);
  });

  test("don't ask early when a timer of the process does", () => {
    heads.arm(3, 1_100);
    vi.advanceTimersByTime(100);
    expect(nowMs).toBe(1_000);
    expect(fired).toEqual([]);

    pass(100);

    expect(fired).toEqual([[3, 1_100, 1_100]]);
  });

  test("with a fraction count as the whole millisecond that their rows have", () => {
    heads.arm(3, 1_100.7);
    pass(101);

    expect(fired).toEqual([[3, 1_101, 1_101]]);
  });

  test("ask for few partitions at once; the others have their turn as soon as other work had its own", () => {
    for (let partition = 0; partition < 64; partition++) heads.arm(partition, 1_100);

    nowMs = 1_100;
    vi.advanceTimersToNextTimer();
    const atOnce = fired.length;
    expect(atOnce).toBeGreaterThan(0);
    expect(atOnce).toBeLessThan(10);
    for (let turns = 0; turns < 64; turns++) vi.advanceTimersToNextTimer();

    expect(fired.map(([partition]) => partition).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 64 }, (_, partition) => partition),
    );
    expect(heads.next).toBe(Infinity);
  });

  test("give every partition its turn where some are always due", () => {
    // What is left of the first sixteen is due again at once, whenever they were asked for.
    heads.close();
    heads = new TimerHeads(
      () => nowMs,
      (partition, until) => {
        fired.push([partition, until, nowMs]);
        if (partition < 16) again.push(partition);
      },
    );
    const again: number[] = [];
    for (let partition = 0; partition < 16; partition++) heads.arm(partition, 900);
    heads.arm(40, 900);

    for (let turns = 0; turns < 20 && !fired.some(([partition]) => partition === 40); turns++) {
      vi.advanceTimersByTime(1);
      for (const partition of again.splice(0)) heads.reset(partition, 900);
    }

    expect(fired.some(([partition]) => partition === 40)).toBe(true);
    expect(fired.length).toBeLessThanOrEqual(24);
  });

  test("are silent when they are closed", () => {
    heads.arm(3, 1_100);
    heads.close();
    heads.arm(4, 1_050);

    pass(500);

    expect(fired).toEqual([]);
  });
});

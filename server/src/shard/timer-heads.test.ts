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

  test("are silent when they are closed", () => {
    heads.arm(3, 1_100);
    heads.close();
    heads.arm(4, 1_050);

    pass(500);

    expect(fired).toEqual([]);
  });
});

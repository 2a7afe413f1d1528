import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Attempt } from "./attempt.js";
import { waitingSince } from "./attempt.fixture.js";
import { WaitingAttempts } from "./waiting-attempts.js";

let nowMs: number;
let suspended: string[];
let waiting: WaitingAttempts;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  nowMs = 10_000;
  suspended = [];
  waiting = new WaitingAttempts({ now: () => nowMs }, (attempt) => suspended.push(attempt.runId));
});

afterEach(() => {
  waiting.close();
  vi.useRealTimers();
});

function pass(ms: number): void {
  nowMs += ms;
  vi.advanceTimersByTime(ms);
}

function add(sinceMs: number, options: Partial<Attempt> = {}): Attempt {
  const attempt = waitingSince(sinceMs, options);
  waiting.add(attempt);
  return attempt;
}

describe("an attempt that waits", () => {
  test("is let go when its handler's inactivity timeout is over", () => {
    add(10_000, { runId: "patient", inactivityTimeoutMs: 2_000 });
    add(10_000, { runId: "impatient", inactivityTimeoutMs: 500 });

    pass(400);
    expect(suspended).toEqual([]);
    pass(200);
    expect(new Set(suspended)).toEqual(new Set(["impatient"]));
    pass(1_500);
    expect(suspended).toContain("patient");
  });

  test("is let go at once where the timeout is nothing", () => {
    add(10_000, { runId: "now", inactivityTimeoutMs: 0 });

    expect(suspended).toEqual(["now"]);
  });

  test("stays when it does not wait any more", () => {
    const attempt = add(10_000, { runId: "awake", inactivityTimeoutMs: 500 });
    add(10_000, { runId: "gone", inactivityTimeoutMs: 500 });
    attempt.waiting = undefined;
    waiting.delete(attempt);

    pass(1_000);

    expect(new Set(suspended)).toEqual(new Set(["gone"]));
    expect(waiting.size).toBe(1);
  });

  test("counts anew when it waits again", () => {
    const attempt = add(10_000, { runId: "again", inactivityTimeoutMs: 500 });
    pass(400);
    attempt.waiting = { awaiting: undefined, seen: 1, sinceMs: nowMs, suspending: false };
    waiting.add(attempt);

    pass(400);
    expect(suspended).toEqual([]);
    pass(200);

    expect(suspended).toContain("again");
    expect(waiting.size).toBe(1);
  });
});

describe("too many that wait", () => {
  test("make the longest waiting go first", () => {
    for (let n = 0; n < 1_000; n++) add(10_000, { runId: String(n) });
    expect(suspended).toEqual([]);

    add(10_001, { runId: "one more" });
    expect(suspended).toEqual(["0"]);

    // It is on its way; the next in line follows it.
    add(10_002, { runId: "and another" });
    expect(new Set(suspended)).toEqual(new Set(["0", "1"]));
  });
});

describe("room that is wanted", () => {
  test("is made by the longest waiting, as many as asked for", () => {
    for (let n = 0; n < 5; n++) add(10_000 + n, { runId: String(n) });

    waiting.letGo(2);

    expect(suspended).toEqual(["0", "1"]);
    // They go when they are suspended, not before.
    expect(waiting.size).toBe(5);
  });

  test("is made by all where more is asked for than wait, and by none where none do", () => {
    waiting.letGo(16);
    expect(suspended).toEqual([]);
    for (let n = 0; n < 3; n++) add(10_000, { runId: String(n) });

    waiting.letGo(16);

    expect(suspended).toEqual(["0", "1", "2"]);
  });

  test("is made in the order in which they began to wait, also by one that waits again", () => {
    const again = add(10_000, { runId: "again" });
    add(10_001, { runId: "other" });
    again.waiting = { awaiting: undefined, seen: 1, sinceMs: 10_002, suspending: false };
    waiting.add(again);

    waiting.letGo(1);

    expect(suspended).toEqual(["other"]);
  });
});

test("nothing is let go after the end", () => {
  add(10_000, { runId: "late", inactivityTimeoutMs: 500 });
  waiting.close();

  pass(5_000);

  expect(suspended).toEqual([]);
});

import { beforeEach, describe, expect, test } from "vitest";
import { attemptOf, waitingSince } from "./attempt.fixture.js";
import { AttemptRoom } from "./attempt-room.js";
import type { Attempt } from "./attempt.js";

let attempts: Map<string, Attempt>;

beforeEach(() => {
  attempts = new Map();
});

function roomFor(concurrency: number, attemptsBytesMax = 1_000): AttemptRoom {
  return new AttemptRoom({ concurrency, attemptsBytesMax }, attempts);
}

/** So many attempts of a service that compute. */
function compute(service: string, count: number): void {
  for (let n = 0; n < count; n++) {
    const runId = `${service} ${String(attempts.size)}`;
    attempts.set(runId, attemptOf(runId, { service }));
  }
}

/** So many that only wait. */
function wait(service: string, count: number): void {
  for (let n = 0; n < count; n++) {
    const runId = `${service} waits ${String(attempts.size)}`;
    attempts.set(runId, waitingSince(0, { runId, service }));
  }
}

describe("slots", () => {
  test("are taken by what computes, not by what waits", () => {
    const room = roomFor(10);
    compute("A", 3);
    wait("A", 5);

    expect(room.slotsLeft(5)).toBe(2 + 5);
    compute("B", 7);
    expect(room.slotsLeft(5)).toBe(0);
  });

  test("may be overdrawn when what waited computes again, and are none then", () => {
    const room = roomFor(2);
    compute("A", 3);

    expect(room.slotsLeft(0)).toBe(-1);
  });
});

describe("a service", () => {
  test("is crowded when it has all slots but those that it leaves to others", () => {
    const room = roomFor(16);
    compute("A", 13);
    expect(room.crowded(0)).toEqual(new Set());

    compute("A", 1);

    expect(room.crowded(0)).toEqual(new Set(["A"]));
  });

  test("alone is crowded: others find the rest of the slots free", () => {
    const room = roomFor(16);
    compute("A", 14);
    compute("B", 1);

    expect(room.crowded(0)).toEqual(new Set(["A"]));
    expect(room.slotsLeft(0)).toBe(1);
  });

  test("is not crowded by what only waits", () => {
    const room = roomFor(16);
    wait("A", 50);
    compute("A", 13);
    compute("B", 1);

    expect(room.crowded(50)).toEqual(new Set());
  });

  test("is never crowded where there are too few slots to leave any", () => {
    const room = roomFor(7);
    compute("A", 6);

    expect(room.crowded(0)).toEqual(new Set());
  });
});

describe("memory", () => {
  test("is what all attempts have, and is given back when they leave", () => {
    const room = roomFor(10);
    const [a, b] = [attemptOf("a"), attemptOf("b")];
    for (const attempt of [a, b]) attempts.set(attempt.runId, attempt);
    room.grow(a, 600);
    expect(room.hasMemory).toBe(true);

    room.grow(b, 300);
    room.grow(a, 100);
    expect(room.hasMemory).toBe(false);
    expect(a.bytes).toBe(700);

    attempts.delete("a");
    room.leave(a);
    expect(room.hasMemory).toBe(true);
  });

  test("is there for a single attempt, however little there is: else it would never run", () => {
    const room = roomFor(10, 0);
    expect(room.hasMemory).toBe(true);

    const only = attemptOf("only");
    attempts.set("only", only);
    room.grow(only, 5_000);
    expect(room.hasMemory).toBe(false);

    attempts.delete("only");
    room.leave(only);
    expect(room.hasMemory).toBe(true);
  });
});

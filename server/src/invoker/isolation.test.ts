import { beforeEach, expect, test } from "vitest";
import type { Clock } from "../shard/clock.js";
import { attemptOf } from "./attempt.fixture.js";
import type { Attempt } from "./attempt.js";
import { Isolation } from "./isolation.js";
import type { Link } from "./link.js";

let nowMs = 0;
const clock = { now: () => nowMs } as Clock;
const link = { requestResponse: false } as Link;
const elsewhere = { requestResponse: false } as Link;
const attempts = new Map<string, Attempt>();
let isolation = new Isolation(clock, attempts);

beforeEach(() => {
  nowMs = 1_000_000;
  attempts.clear();
  isolation = new Isolation(clock, attempts);
});

function start(runId: string, on = link): Attempt {
  const attempt = attemptOf(runId, { link: on, startedAtMs: nowMs, activeAtMs: nowMs });
  attempts.set(runId, attempt);
  return attempt;
}

/** @returns whether it was the reason */
function lose(attempt: Attempt): boolean {
  const isReason = isolation.lost(attempt);
  attempt.knownOver = true;
  attempts.delete(attempt.runId);
  return isReason;
}

function loseTogether(...runIds: string[]): boolean[] {
  return runIds.map((runId) => start(runId)).map(lose);
}

/** As the invoker does it. */
function startAlone(runId: string): Attempt {
  const item = { partition: 0, runId };
  isolation.isolate(link, item);
  expect(isolation.next(link)).toEqual(item);
  const attempt = start(runId);
  isolation.started(link, attempt);
  return attempt;
}

test("a run that was lost five times in a row, at once and without a word, is a suspect", () => {
  for (let times = 1; times <= 4; times++) {
    expect(loseTogether("a", "b")).toEqual([false, false]);
    expect(isolation.isSuspect("a")).toBe(false);
  }
  loseTogether("a");
  expect(isolation.isSuspect("a")).toBe(true);
  expect(isolation.isSuspect("b")).toBe(false);
});

test("one that says something, or lasts for five seconds, begins anew", () => {
  for (let times = 1; times <= 4; times++) loseTogether("speaks", "lasts");
  const speaks = start("speaks");
  isolation.heard(speaks);
  lose(speaks);
  const lasts = start("lasts");
  nowMs += 5_000;
  lose(lasts);
  loseTogether("speaks", "lasts");
  expect(isolation.isSuspect("speaks")).toBe(false);
  expect(isolation.isSuspect("lasts")).toBe(false);
});

test("a suspect waits for what is fresh on its deployment, goes before all others, and runs alone", () => {
  for (let times = 1; times <= 5; times++) loseTogether("a");
  const fresh = start("fresh");
  start("of another deployment", elsewhere);
  const item = { partition: 0, runId: "a" };
  isolation.isolate(link, item);
  expect(isolation.next(link)).toBe("nothing");
  expect(isolation.next(elsewhere)).toBe("anything");
  isolation.heard(fresh);
  expect(isolation.next(link)).toEqual(item);
  isolation.started(link, start("a"));
  expect(isolation.next(link)).toBe("nothing");
  nowMs += 5_000;
  expect(isolation.next(link)).toBe("anything");
  expect(isolation.isWanted).toBe(false);
});

test("a suspect whose session is lost while it is alone is the reason, and a suspect still", () => {
  for (let times = 1; times <= 5; times++) loseTogether("a", "innocent");
  const innocent = startAlone("innocent");
  isolation.heard(innocent);
  expect(isolation.next(link)).toBe("anything");
  expect(lose(startAlone("a"))).toBe(true);
  expect(isolation.next(link)).toBe("anything");
  expect(isolation.isSuspect("a")).toBe(true);
  expect(isolation.isSuspect("innocent")).toBe(false);
  expect(lose(start("innocent"))).toBe(false);
});

test("a suspect that was not started when its link is closed is given back", () => {
  const item = { partition: 3, runId: "a" };
  isolation.isolate(link, item);
  expect(isolation.closed(link)).toEqual(item);
  expect(isolation.closed(link)).toBeUndefined();
  startAlone("a");
  expect(isolation.closed(link)).toBeUndefined();
  expect(isolation.isWanted).toBe(false);
});

test("a thousand runs are remembered, those that were lost last", () => {
  for (let times = 1; times <= 5; times++) loseTogether("old");
  for (let at = 0; at < 999; at++) loseTogether(`run ${String(at)}`);
  expect(isolation.isSuspect("old")).toBe(true);
  loseTogether("one more");
  expect(isolation.isSuspect("old")).toBe(false);
});

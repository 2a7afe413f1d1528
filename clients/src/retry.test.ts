import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backoffMs,
  defaultShouldRetry,
  resolveRetryPolicy,
  retryAfterMs,
  retryDelayMs,
  type FailedAttempt,
  type ResolvedRetryPolicy,
  type RetryFailure,
  type RetryPolicy,
} from "./retry.js";

const network: RetryFailure = { kind: "network", error: new TypeError("fetch failed") };

function response(status: number, headers: Record<string, string> = {}): RetryFailure {
  return { kind: "response", status, headers: new Headers(headers) };
}

function resolved(policy: RetryPolicy | true = true): ResolvedRetryPolicy {
  const found = resolveRetryPolicy(policy);
  if (found === undefined) throw new Error("no policy");
  return found;
}

const nowMs = Date.parse("2026-11-21T12:00:00Z");
const first: FailedAttempt = { failure: network, attempt: 0, elapsedMs: 0, random: 0.5, nowMs };

describe("a policy", () => {
  test.each([undefined, false])("is none when it is %s", (retry) => {
    expect(resolveRetryPolicy(retry)).toBeUndefined();
  });

  test("has defaults", () => {
    const expected = {
      maxAttempts: 6,
      maxDurationMs: 60_000,
      initialIntervalMs: 250,
      maxIntervalMs: 3_000,
      exponentiationFactor: 2,
      respectRetryAfter: true,
      shouldRetry: defaultShouldRetry,
    };

    expect(resolveRetryPolicy(true)).toEqual(expected);
    expect(resolveRetryPolicy({})).toEqual(expected);
  });

  const own = (): boolean => true;
  test.each<[keyof ResolvedRetryPolicy, RetryPolicy, unknown]>([
    ["maxAttempts", { maxAttempts: 3 }, 3],
    ["maxAttempts", { maxAttempts: false }, Infinity],
    ["maxDurationMs", { maxDuration: 1_500 }, 1_500],
    ["maxDurationMs", { maxDuration: { minutes: 2, seconds: 1 } }, 121_000],
    ["maxDurationMs", { maxDuration: false }, Infinity],
    ["initialIntervalMs", { initialInterval: 0 }, 0],
    ["initialIntervalMs", { initialInterval: { seconds: 1 } }, 1_000],
    ["maxIntervalMs", { maxInterval: { minutes: 1 } }, 60_000],
    ["exponentiationFactor", { exponentiationFactor: 1.5 }, 1.5],
    ["respectRetryAfter", { respectRetryAfter: false }, false],
    ["shouldRetry", { shouldRetry: own }, own],
  ])("takes %s from %j and leaves the rest", (name, policy, expected) => {
    expect(resolveRetryPolicy(policy)).toEqual({ ...resolved(), [name]: expected });
  });
});

describe("the default rule", () => {
  test("retries where there was no answer", () => {
    expect(defaultShouldRetry(network)).toBe(true);
  });

  test("retries 408, 425, 429 and 5xx of whoever answers, but for an invocation's own failure", () => {
    const transient = new Set([408, 425, 429]);
    const sources = [undefined, "ingress", "invocation", "proxy"];
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 999 }),
        fc.constantFrom(...sources),
        (status, source) => {
          const headers = source === undefined ? {} : { "x-restate-error-source": source };
          const isTransient = transient.has(status) || (status >= 500 && status < 600);

          const retried = defaultShouldRetry(response(status, headers));

          expect(retried).toBe(isTransient && source !== "invocation");
        },
      ),
    );
  });

  test.each([
    [200, false],
    [301, false],
    [400, false],
    [404, false],
    [407, false],
    [408, true],
    [409, false],
    [424, false],
    [425, true],
    [426, false],
    [429, true],
    [470, false],
    [499, false],
    [500, true],
    [502, true],
    [503, true],
    [599, true],
    [600, false],
  ])("answers %d with %s", (status, expected) => {
    expect(defaultShouldRetry(response(status))).toBe(expected);
  });
});

describe("the interval", () => {
  test.each([
    [0, 250],
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [4, 3_000],
    [400, 3_000],
    [5_000, 3_000],
  ])("after attempt %d is %d ms, before the dice", (attempt, expected) => {
    expect(backoffMs(resolved(), attempt, 0.5)).toBe(expected);
  });

  test("is never off by more than a fifth, and never beyond the longest by more than that", () => {
    fc.assert(
      fc.property(
        fc.record({
          initialInterval: fc.integer({ min: 0, max: 10_000 }),
          maxInterval: fc.integer({ min: 0, max: 100_000 }),
          exponentiationFactor: fc.double({ min: 1, max: 10, noNaN: true }),
        }),
        fc.nat({ max: 2_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (policy, attempt, random) => {
          const { initialInterval, maxInterval, exponentiationFactor } = policy;
          const grown =
            initialInterval === 0 ? 0 : initialInterval * exponentiationFactor ** attempt;
          const base = Math.min(grown, maxInterval);

          const delayMs = backoffMs(resolved(policy), attempt, random);

          expect(delayMs).toBeGreaterThanOrEqual(base * 0.8 - 1e-6);
          expect(delayMs).toBeLessThanOrEqual(base * 1.2 + 1e-6);
        },
      ),
    );
  });

  test("stays nothing where it is nothing", () => {
    expect(backoffMs(resolved({ initialInterval: 0 }), 5_000, 0.5)).toBe(0);
  });
});

describe("Retry-After", () => {
  test.each([
    [undefined, undefined],
    ["", undefined],
    ["   ", undefined],
    ["soon", undefined],
    ["0", 0],
    ["7", 7_000],
    ["0.5", 500],
    [" 7 ", 7_000],
    ["-7", 0],
    ["Sat, 21 Nov 2026 12:00:30 GMT", 30_000],
    ["Sat, 21 Nov 2026 11:00:00 GMT", 0],
  ])("of %j means %s ms", (value, expected) => {
    const headers = new Headers(value === undefined ? {} : { "retry-after": value });

    expect(retryAfterMs(headers, nowMs)).toBe(expected);
  });
});

describe("whether and when", () => {
  const after = (seconds: number): RetryFailure =>
    response(503, { "retry-after": String(seconds) });
  const never = (): boolean => false;
  const always = (): boolean => true;

  test.each<[string, RetryPolicy, Partial<FailedAttempt>, number | undefined]>([
    ["the first failure", {}, {}, 250],
    ["a later failure", {}, { attempt: 3 }, 2_000],
    ["the last attempt but one", {}, { attempt: 4 }, 3_000],
    ["the last attempt", {}, { attempt: 5 }, undefined],
    ["the only attempt", { maxAttempts: 1 }, {}, undefined],
    ["no attempts at all", { maxAttempts: 0 }, {}, undefined],
    ["an attempt where there is no limit", { maxAttempts: false }, { attempt: 9_999 }, 3_000],
    ["a refused request", {}, { failure: response(400) }, undefined],
    ["a 503", {}, { failure: response(503) }, 250],
    ["the last moment", {}, { elapsedMs: 59_749 }, 250],
    ["a moment too late", {}, { elapsedMs: 59_750 }, undefined],
    ["no limit of time", { maxDuration: false }, { elapsedMs: 1e12 }, 250],
    ["Retry-After", {}, { failure: after(5) }, 5_000],
    ["Retry-After beyond the longest interval", {}, { failure: after(59) }, 59_000],
    ["Retry-After beyond the time", {}, { failure: after(60) }, undefined],
    ["Retry-After at the last attempt", {}, { failure: after(1), attempt: 5 }, undefined],
    ["Retry-After of 0", {}, { failure: after(0) }, 0],
    ["Retry-After unheeded", { respectRetryAfter: false }, { failure: after(5) }, 250],
    [
      "Retry-After of an answer that is not retried",
      {},
      { failure: response(409, { "retry-after": "1" }) },
      undefined,
    ],
    ["an own rule that says no", { shouldRetry: never }, {}, undefined],
    ["an own rule that says yes", { shouldRetry: always }, { failure: response(400) }, 250],
    [
      "an own rule against an invocation's failure",
      { shouldRetry: always },
      { failure: response(500, { "x-restate-error-source": "invocation" }) },
      250,
    ],
    ["an own rule at the last attempt", { shouldRetry: always }, { attempt: 5 }, undefined],
  ])("%s", (_what, policy, failed, expected) => {
    expect(retryDelayMs(resolved(policy), { ...first, ...failed })).toBe(expected);
  });

  test("an own rule sees the failure and the attempt, and is not asked when none is left", () => {
    const asked: unknown[] = [];
    const shouldRetry = (...args: unknown[]): boolean => asked.push(args) > 0;
    const failure = response(418);

    retryDelayMs(resolved({ shouldRetry }), { ...first, failure, attempt: 2 });
    retryDelayMs(resolved({ shouldRetry }), { ...first, failure, attempt: 5 });

    expect(asked).toEqual([[failure, 2]]);
  });

  test("no chain of retries exceeds attempts or time, whatever the answers say", () => {
    const failures = fc.array(
      fc.oneof(
        fc.constant(network),
        fc.integer({ min: 500, max: 599 }).map((status) => response(status)),
        fc.nat({ max: 40 }).map(after),
      ),
      { minLength: 40, maxLength: 40 },
    );
    fc.assert(
      fc.property(
        failures,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (chain, maxAttempts, maxDuration, random) => {
          const policy = resolved({ maxAttempts, maxDuration });
          let elapsedMs = 0;
          let attempt = 0;
          for (const failure of chain) {
            const delay = retryDelayMs(policy, { failure, attempt, elapsedMs, random, nowMs });
            if (delay === undefined) break;
            elapsedMs += delay;
            attempt++;
          }

          expect(attempt).toBeLessThan(maxAttempts);
          expect(elapsedMs).toBeLessThan(Math.max(maxDuration, 1));
        },
      ),
    );
  });
});

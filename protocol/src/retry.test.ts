import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideRetry, defaultRetryPolicy, intervalMs, type RetryPolicy } from "./retry.js";

const policy: RetryPolicy = { ...defaultRetryPolicy, maxAttempts: 5 };

describe("the interval before the next attempt", () => {
  test("doubles from the first one up to the longest", () => {
    const intervals = [1, 2, 3, 4, 7, 8, 9, 10].map((n) => intervalMs(defaultRetryPolicy, n));

    expect(intervals).toEqual([500, 1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000]);
  });

  test("is a number within its bounds after any number of failures", () => {
    const policies = fc.record({
      initialIntervalMs: fc.oneof(fc.constant(0), fc.nat(100_000)),
      exponentiationFactor: fc.oneof(fc.constant(1), fc.double({ min: 1, max: 100, noNaN: true })),
      maxIntervalMs: fc.nat(1_000_000),
    });
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 100_000 }), (any, failures) => {
        const interval = intervalMs(any, failures);

        expect(interval).toBeGreaterThanOrEqual(0);
        expect(interval).toBeLessThanOrEqual(any.maxIntervalMs);
      }),
    );
  });
});

describe("the decision after a failed attempt", () => {
  test("adds up to 30 % of jitter to the interval", () => {
    expect(decideRetry(policy, 1, 0)).toEqual({ kind: "retry", delayMs: 500 });
    expect(decideRetry(policy, 1, 0.5)).toEqual({ kind: "retry", delayMs: 575 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        const decision = decideRetry(policy, 2, random);

        expect(decision).toMatchObject({ kind: "retry" });
        if (decision.kind !== "retry") return;
        expect(decision.delayMs).toBeGreaterThanOrEqual(1000);
        expect(decision.delayMs).toBeLessThan(1300.001);
      }),
    );
  });

  test("takes the time that the failure asked for as it is", () => {
    expect(decideRetry(policy, 1, 0.9, 12_345)).toEqual({ kind: "retry", delayMs: 12_345 });
    expect(decideRetry(policy, 1, 0.9, 0)).toEqual({ kind: "retry", delayMs: 0 });
  });

  test.each(["pause", "kill"] as const)(
    "is to %s when the attempts are used up",
    (onMaxAttempts) => {
      const short = { ...policy, maxAttempts: 3, onMaxAttempts };

      const kinds = [1, 2, 3, 4].map((failures) => decideRetry(short, failures, 0).kind);

      expect(kinds).toEqual(["retry", "retry", onMaxAttempts, onMaxAttempts]);
      expect(decideRetry(short, 3, 0, 100).kind).toBe(onMaxAttempts);
    },
  );

  test("allows one attempt where the policy allows none, and any number where it has no limit", () => {
    expect(decideRetry({ ...policy, maxAttempts: 0 }, 1, 0).kind).toBe("pause");
    expect(decideRetry({ ...policy, maxAttempts: Infinity }, 1_000_000, 0).kind).toBe("retry");
  });
});

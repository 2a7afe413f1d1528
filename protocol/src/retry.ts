// Retry arithmetic: exponential back-off with jitter. Pure; the dice are thrown by the caller.

export interface RetryPolicy {
  readonly initialIntervalMs: number;
  readonly exponentiationFactor: number;
  readonly maxIntervalMs: number;
  /** The first attempt included; Infinity for no limit. */
  readonly maxAttempts: number;
  readonly onMaxAttempts: "pause" | "kill";
}

/** What the server does when neither handler nor service say otherwise. */
export const defaultRetryPolicy: RetryPolicy = {
  initialIntervalMs: 500,
  exponentiationFactor: 2,
  maxIntervalMs: 60_000,
  maxAttempts: 70,
  onMaxAttempts: "pause",
};

/** The largest share that jitter adds to an interval. */
const jitterMax = 0.3;

export type RetryDecision =
  | { readonly kind: "retry"; readonly delayMs: number }
  | { readonly kind: "pause" }
  | { readonly kind: "kill" };

/**
 * What to do after a failed attempt.
 * @param failures    failed attempts since the journal last grew, this one included: 1 or more
 * @param random      0 inclusive to 1 exclusive; adds up to 30 % to the interval
 * @param retryAfterMs  replaces the interval where the failure asked for a time of its own
 */
export function decideRetry(
  policy: RetryPolicy,
  failures: number,
  random: number,
  retryAfterMs?: number,
): RetryDecision {
  if (failures >= Math.max(1, policy.maxAttempts)) return { kind: policy.onMaxAttempts };
  if (retryAfterMs !== undefined) return { kind: "retry", delayMs: retryAfterMs };
  return { kind: "retry", delayMs: intervalMs(policy, failures) * (1 + jitterMax * random) };
}

/** The interval after the n-th failure in a row (from 1), without jitter. */
export function intervalMs(
  policy: Pick<RetryPolicy, "initialIntervalMs" | "exponentiationFactor" | "maxIntervalMs">,
  failures: number,
): number {
  const { initialIntervalMs, exponentiationFactor, maxIntervalMs } = policy;
  const grown = initialIntervalMs * exponentiationFactor ** (failures - 1);
  // Nothing, times a factor that has grown beyond all numbers, is no number.
  const interval = Number.isNaN(grown) ? initialIntervalMs : grown;
  return Math.max(0, Math.min(interval, maxIntervalMs));
}

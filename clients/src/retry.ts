// Whether a request that failed is sent again, and when. Pure: time and dice come in with the question.
//
// What must hold:
// - Only requests that may be sent twice come here (transport.ts): calls and sends with an idempotency key,
//   submissions of workflows, waits for results.
// - A failure that the ingress says is the invocation's own is a result, and never repeated by default.
// - Another attempt is made only if it would begin before `maxDuration` is over; `Retry-After` says when, never
//   whether.

import { millisOf, type Duration } from "@perdure/protocol/duration";

/** A failure after which a request may be sent again. */
export type RetryFailure =
  | {
      /** There was no answer, or not all of it. */
      readonly kind: "network";
      /** What fetch threw. */
      readonly error: unknown;
    }
  | {
      /** The answer was not one of success. */
      readonly kind: "response";
      readonly status: number;
      readonly headers: Headers;
      /** As text; undefined where it is empty. */
      readonly body?: string | undefined;
    };

/** How a connection repeats requests that failed. */
export interface RetryPolicy {
  /** The first one included; `false` for no limit. Default 6. */
  readonly maxAttempts?: number | false | undefined;
  /**
   * From the first attempt; `false` for no limit. Looked at before another attempt is made: one under way is
   * not cut off. A number is milliseconds. Default 60 seconds.
   */
  readonly maxDuration?: Duration | false | undefined;
  /** Before the second attempt. A number is milliseconds. Default 250. */
  readonly initialInterval?: Duration | undefined;
  /** The longest interval, before the up to 20 % of jitter. A number is milliseconds. Default 3,000. */
  readonly maxInterval?: Duration | undefined;
  /** What each interval is multiplied by to get the next. Default 2. */
  readonly exponentiationFactor?: number | undefined;
  /** Whether the header `Retry-After` of an answer takes the place of the interval. Default true. */
  readonly respectRetryAfter?: boolean | undefined;
  /**
   * Takes the place of {@link defaultShouldRetry}. Asked only about requests that may be sent twice.
   * @param attempt  the attempt that failed: 0, 1, …
   */
  readonly shouldRetry?: ((failure: RetryFailure, attempt: number) => boolean) | undefined;
}

export interface ResolvedRetryPolicy {
  readonly maxAttempts: number;
  readonly maxDurationMs: number;
  readonly initialIntervalMs: number;
  readonly maxIntervalMs: number;
  readonly exponentiationFactor: number;
  readonly respectRetryAfter: boolean;
  readonly shouldRetry: (failure: RetryFailure, attempt: number) => boolean;
}

/** The policy with its defaults filled in; undefined where nothing is repeated. */
export function resolveRetryPolicy(
  retry: RetryPolicy | boolean | undefined,
): ResolvedRetryPolicy | undefined {
  if (retry === undefined || retry === false) return undefined;
  const policy = retry === true ? {} : retry;
  const { maxAttempts = 6, maxDuration = 60_000 } = policy;
  return {
    maxAttempts: maxAttempts === false ? Infinity : maxAttempts,
    maxDurationMs: maxDuration === false ? Infinity : millisOf(maxDuration),
    initialIntervalMs: millisOf(policy.initialInterval ?? 250),
    maxIntervalMs: millisOf(policy.maxInterval ?? 3_000),
    exponentiationFactor: policy.exponentiationFactor ?? 2,
    respectRetryAfter: policy.respectRetryAfter ?? true,
    shouldRetry: policy.shouldRetry ?? defaultShouldRetry,
  };
}

/**
 * The rule that holds where a policy has none of its own: no answer, and 408, 425, 429 and 5xx, unless the ingress
 * says that the invocation itself failed.
 */
export function defaultShouldRetry(failure: RetryFailure): boolean {
  if (failure.kind === "network") return true;
  if (failure.headers.get("x-restate-error-source") === "invocation") return false;
  return isTransient(failure.status);
}

const transientStatuses = [408, 425, 429];

function isTransient(status: number): boolean {
  return transientStatuses.includes(status) || (status >= 500 && status <= 599);
}

export interface FailedAttempt {
  readonly failure: RetryFailure;
  /** 0, 1, … */
  readonly attempt: number;
  /** Since the first attempt began. */
  readonly elapsedMs: number;
  /** 0 inclusive to 1 exclusive. */
  readonly random: number;
  /** The wall clock, in milliseconds since 1970, for dates in headers. */
  readonly nowMs: number;
}

/** After how many milliseconds the next attempt is made; undefined for never. */
export function retryDelayMs(
  policy: ResolvedRetryPolicy,
  { failure, attempt, elapsedMs, random, nowMs }: FailedAttempt,
): number | undefined {
  if (attempt >= policy.maxAttempts - 1) return undefined;
  if (!policy.shouldRetry(failure, attempt)) return undefined;
  const asked =
    policy.respectRetryAfter && failure.kind === "response"
      ? retryAfterMs(failure.headers, nowMs)
      : undefined;
  const delayMs = asked ?? backoffMs(policy, attempt, random);
  return elapsedMs + delayMs < policy.maxDurationMs ? delayMs : undefined;
}

/** The interval after an attempt (0, 1, …), at most `maxInterval`, and then 20 % more or less. */
export function backoffMs(policy: ResolvedRetryPolicy, attempt: number, random: number): number {
  const grown = policy.initialIntervalMs * policy.exponentiationFactor ** attempt;
  // Nothing, times a factor that has grown beyond all numbers, is no number.
  const interval = Number.isNaN(grown) ? policy.initialIntervalMs : grown;
  return Math.min(interval, policy.maxIntervalMs) * (0.8 + 0.4 * random);
}

/** The header `Retry-After`, a number of seconds or a date; undefined where it is neither. */
export function retryAfterMs(headers: Pick<Headers, "get">, nowMs: number): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

// A step's closure: run, its result proposed; or tried again as its options, or the invocation's retry policy, say.

import { millisOf } from "@perdure/protocol/duration";
import { valueOf } from "@perdure/protocol/messages";
import { intervalMs } from "@perdure/protocol/retry";
import type { RunAction, RunOptions } from "../context/context.js";
import { isRetryableError, messageOf, TerminalError } from "../errors.js";
import { defaultSerde, type Serde } from "../serde/serde.js";
import type { Attempt } from "./attempt.js";
import { failureOf, serialised, terminalOf } from "./results.js";

const defaults = { initialRetryInterval: 50, maxRetryInterval: 10_000, retryIntervalFactor: 2 };

interface Step {
  readonly completionId: number;
  readonly name: string;
  /** It is the first new command of the attempt: failures since the last progress were its own. */
  readonly firstNew: boolean;
}

/**
 * Runs the closure of a step and proposes what it gives.
 */
export function executeStep<T>(
  attempt: Attempt,
  { completionId, name, firstNew }: Step,
  action: RunAction<T>,
  options: RunOptions<T>,
): void {
  attempt.closureStarted();
  const startedMs = performance.now();
  const succeeded = (value: T): void => {
    try {
      const serde: Serde<T> = options.serde ?? defaultSerde<T>();
      const bytes = serialised(serde, value, `the result of step "${name}"`);
      attempt.propose(completionId, { case: "value", value: valueOf(bytes) });
    } catch (error) {
      attempt.fail(error);
    }
    attempt.closureEnded();
  };
  const failed = (error: unknown): void => {
    const { retryCount, millisSinceProgress } = attempt.options.start;
    try {
      stepFailed(attempt, completionId, error, options, {
        failures: (firstNew ? retryCount : 0) + 1,
        elapsedMs: (firstNew ? Number(millisSinceProgress) : 0) + (performance.now() - startedMs),
      });
    } catch (another) {
      attempt.fail(another);
    }
    attempt.closureEnded();
  };
  try {
    const result = action();
    if (isThenable(result)) Promise.resolve(result).then(succeeded, failed);
    else succeeded(result);
  } catch (error) {
    failed(error);
  }
}

/** Not only native promises: query builders and the like are awaited too. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

interface Tried {
  readonly failures: number;
  readonly elapsedMs: number;
}

function stepFailed<T>(
  attempt: Attempt,
  completionId: number,
  error: unknown,
  options: RunOptions<T>,
  tried: Tried,
): void {
  const terminal = terminalOf(attempt.options, error);
  if (terminal !== undefined) {
    return attempt.propose(completionId, { case: "failure", value: failureOf(terminal) });
  }
  if (!hasPolicy(options)) return attempt.fail(error);
  const { maxRetryAttempts = Infinity, maxRetryDuration } = options;
  const exhausted =
    tried.failures >= maxRetryAttempts ||
    (maxRetryDuration !== undefined && tried.elapsedMs >= millisOf(maxRetryDuration));
  if (exhausted) {
    const { code } = failureOf(error);
    const failure = failureOf(new TerminalError(messageOf(error), { errorCode: code }));
    return attempt.propose(completionId, { case: "failure", value: failure });
  }
  const asked = isRetryableError(error) ? error.retryAfter : undefined;
  attempt.fail(error, asked ?? nextIntervalMs(options, tried.failures));
}

function hasPolicy<T>(options: RunOptions<T>): boolean {
  return (
    options.maxRetryAttempts !== undefined ||
    options.maxRetryDuration !== undefined ||
    options.initialRetryInterval !== undefined ||
    options.maxRetryInterval !== undefined ||
    options.retryIntervalFactor !== undefined
  );
}

function nextIntervalMs<T>(options: RunOptions<T>, failures: number): number {
  const policy = { ...defaults, ...options };
  return intervalMs(
    {
      initialIntervalMs: millisOf(policy.initialRetryInterval),
      exponentiationFactor: policy.retryIntervalFactor,
      maxIntervalMs: millisOf(policy.maxRetryInterval),
    },
    failures,
  );
}

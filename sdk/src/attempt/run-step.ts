// A step's closure: run, its result proposed; or tried again as its options, or the invocation's retry policy, say.

import { millisOf } from "@perdure/protocol/duration";
import { valueOf } from "@perdure/protocol/messages";
import { intervalMs } from "@perdure/protocol/retry";
import type { RunAction, RunOptions } from "../context/context.js";
import { isRetryableError, isTerminalError, messageOf, TerminalError } from "../errors.js";
import { defaultSerde, type Serde } from "../serde/serde.js";
import type { Attempt } from "./attempt.js";
import { failureOf } from "./results.js";

const defaults = { initialRetryInterval: 50, maxRetryInterval: 10_000, retryIntervalFactor: 2 };

/**
 * Runs the closure of a step and proposes what it gives.
 * @param firstNew  the step is the first new command of the attempt: failures since the last progress were its own
 */
export function executeStep<T>(
  attempt: Attempt,
  completionId: number,
  action: RunAction<T>,
  options: RunOptions<T>,
  firstNew: boolean,
): void {
  attempt.closureStarted();
  const startedMs = performance.now();
  const succeeded = (value: T): void => {
    try {
      const serde: Serde<T> = options.serde ?? defaultSerde<T>();
      const bytes = serde.serialize(value);
      attempt.propose(completionId, { case: "value", value: valueOf(bytes) });
    } catch (error) {
      attempt.fail(new TypeError(`a step's result can't be serialised: ${messageOf(error)} (PDR2002)`));
    }
    attempt.closureEnded();
  };
  const failed = (error: unknown): void => {
    stepFailed(attempt, completionId, error, options, {
      failures: (firstNew ? attempt.options.start.retryCount : 0) + 1,
      elapsedMs:
        (firstNew ? Number(attempt.options.start.millisSinceProgress) : 0) +
        (performance.now() - startedMs),
    });
    attempt.closureEnded();
  };
  try {
    const result = action();
    if (result instanceof Promise) result.then(succeeded, failed);
    else succeeded(result);
  } catch (error) {
    failed(error);
  }
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
  const { handler, service } = attempt.options;
  const terminal = isTerminalError(error)
    ? error
    : (handler.options.asTerminalError ?? service.options.asTerminalError)?.(error);
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

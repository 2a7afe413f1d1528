// A step's closure: run, its result proposed; or tried again as its options, or the invocation's retry policy, say.

import { millisOf } from "@perdure/protocol/duration";
import { errorMessage } from "@perdure/protocol/error-message";
import { valueOf } from "@perdure/protocol/messages";
import { intervalMs } from "@perdure/protocol/retry";
import type { RunOptions } from "../context/context.js";
import { isPauseError, isRetryableError, TerminalError } from "../errors.js";
import type { Serde } from "../serde/serde.js";
import type { Attempt } from "./attempt.js";
import type { CommandRef } from "./leaves.js";
import { failureOf, serialised, terminalOf } from "./results.js";

const defaults = { initialRetryInterval: 50, maxRetryInterval: 10_000, retryIntervalFactor: 2 };

interface Step {
  readonly completionId: number;
  readonly name: string;
  /** Failed attempts since the last progress are taken for its own. */
  readonly ownFailures: boolean;
  /** What failures are told of. */
  readonly command: CommandRef | undefined;
}

/**
 * Runs the closure of a step and proposes what it gives.
 */
export function executeStep<T>(
  attempt: Attempt,
  { completionId, name, ownFailures, command }: Step,
  action: () => T | Promise<T>,
  options: RunOptions<T>,
): void {
  attempt.closureStarted();
  const startedMs = performance.now();
  const succeeded = (value: T): void => {
    try {
      const serde: Serde<T> = options.serde ?? (attempt.defaultSerde as Serde<T>);
      const bytes = serialised(serde, value, `the result of step "${name}"`);
      attempt.propose(completionId, { case: "value", value: valueOf(bytes) });
    } catch (error) {
      attempt.fail(error, { command });
    }
    attempt.closureEnded();
  };
  const failed = (error: unknown): void => {
    const { retryCount, millisSinceProgress } = attempt.options.start;
    try {
      stepFailed(attempt, completionId, error, options, {
        command,
        failures: (ownFailures ? retryCount : 0) + 1,
        elapsedMs:
          (ownFailures ? Number(millisSinceProgress) : 0) + (performance.now() - startedMs),
      });
    } catch (another) {
      attempt.fail(another, { command });
    }
    attempt.closureEnded();
  };
  const { interceptRun } = attempt;
  if (interceptRun !== undefined) {
    let value: T | undefined;
    const closure = async (): Promise<void> => {
      value = await attempt.insideStep(action);
    };
    // An interceptor that keeps the closure's error to itself leaves no value.
    interceptRun(name, closure).then(() => {
      succeeded(value as T);
    }, failed);
    return;
  }
  try {
    const result = attempt.insideStep(action);
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
  readonly command: CommandRef | undefined;
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
  const { command } = tried;
  if (isPauseError(error)) return attempt.fail(error, { command, pause: true });
  if (!hasPolicy(options)) return attempt.fail(error, { command });
  const { maxRetryAttempts = Infinity, maxRetryDuration } = options;
  const exhausted =
    tried.failures >= maxRetryAttempts ||
    (maxRetryDuration !== undefined && tried.elapsedMs >= millisOf(maxRetryDuration));
  if (exhausted) {
    const { code } = failureOf(error);
    const failure = failureOf(new TerminalError(errorMessage(error), { errorCode: code }));
    return attempt.propose(completionId, { case: "failure", value: failure });
  }
  const asked = isRetryableError(error) ? error.retryAfter : undefined;
  const retryAfter = asked ?? nextIntervalMs(options, tried.failures);
  attempt.fail(error, { command, retryAfter });
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

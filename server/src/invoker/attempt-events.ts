// What attempts bring, and what becomes of them, as events of the shard.

import { create } from "@bufbuild/protobuf";
import { AttemptFailed_Behavior as Behavior } from "@perdure/proto/protocol/v1/deployment";
import {
  FailedSchema,
  type Appended,
  type AppendedItem,
  type AttemptLost,
  type Suspended,
} from "@perdure/proto/storage/v1/events";
import type { Log } from "../observe/log.js";
import type { Clock } from "../shard/clock.js";
import { everywhere, type Placement } from "../shard/placement.js";
import type { RegistryView } from "../shard/registry-view.js";
import type { RetentionDefaults } from "../shard/retention.js";
import type { Shard } from "../shard/shard.js";
import type { Attempt } from "./attempt.js";
import { ValueTooLarge } from "./budget.js";
import { calleeFacts } from "./callee-facts.js";
import { failedByCommand, failedByServer, failedEvent, type AttemptError } from "./failures.js";

export interface AttemptEventsOptions {
  readonly shard: () => Shard;
  readonly view: () => RegistryView;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: RetentionDefaults;
  readonly placement?: Placement | undefined;
}

export class AttemptEvents {
  readonly #options: AttemptEventsOptions;

  constructor(options: AttemptEventsOptions) {
    this.#options = options;
  }

  /** Progress of an attempt. */
  append(attempt: Attempt, items: AppendedItem[], end: boolean, onReleased?: () => void): void {
    try {
      this.#addCallees(items);
    } catch (error) {
      return this.refused(attempt, error);
    }
    const { failures } = attempt;
    attempt.failures = 0;
    const { runId, number, partition } = attempt;
    const value: Appended = {
      $typeName: "perdure.storage.v1.Appended",
      runId,
      attempt: number,
      items,
      deploymentId: attempt.link.deployment.id,
      end,
    };
    const onRefused = (error: unknown): void => {
      attempt.failures = failures;
      this.refused(attempt, error);
    };
    const options = onReleased === undefined ? { onRefused } : { onRefused, onReleased };
    this.#options.shard().enqueue(partition, { case: "appended", value }, options);
  }

  /** A command can't be carried out. The code can't see it, so whoever runs the server must. */
  refused(attempt: Attempt, error: unknown): void {
    const isFinal = error instanceof ValueTooLarge;
    const failed = isFinal ? finalFailure(attempt, error) : failedByCommand(error);
    const { errorCode, message } = failed.failure;
    this.#options.log.warn(`an attempt of ${attempt.target} failed: ${errorCode} ${message}`);
    this.fail(attempt, failed);
  }

  /** The retry policy decides what comes next. */
  fail(attempt: Attempt, error: AttemptError): void {
    const nowMs = this.#options.clock.now();
    const value = failedEvent(attempt, error, nowMs);
    const { code, message } = error.failure;
    const { log } = this.#options;
    if (value.decision.case === "pause") {
      const tried = `${String(attempt.failures + 1)} attempts without progress`;
      log.warn(
        `PDR2013: ${attempt.target} is paused after ${tried}: ${String(code)} ${message}. ` +
          "PATCH /invocations/{id}/resume on the admin port lets it go on",
      );
    } else {
      log.debug(`an attempt of ${attempt.target} failed: ${String(code)} ${message}`);
    }
    this.#options.shard().enqueue(attempt.partition, { case: "failed", value });
  }

  /** What would have become an attempt can't: the invocation rests until someone resumes it. */
  pause(
    { partition, runId, number }: Pick<Attempt, "partition" | "runId" | "number">,
    errorCode: string,
    message: string,
  ): void {
    const at = this.#options.clock.now();
    const value = create(FailedSchema, {
      runId,
      attempt: number,
      failure: { code: 500, message, errorCode, at },
      decision: { case: "pause", value: {} },
    });
    this.#options.log.warn(`${errorCode}: an invocation is paused: ${message}`);
    this.#options.shard().enqueue(partition, { case: "failed", value });
  }

  /** An attempt that only waits is let go, unless something comes first. */
  suspend(attempt: Attempt): void {
    const { waiting, runId, number, partition } = attempt;
    if (waiting === undefined || waiting.suspending) return;
    waiting.suspending = true;
    const { awaiting, seen } = waiting;
    const value: Suspended = {
      $typeName: "perdure.storage.v1.Suspended",
      runId,
      attempt: number,
      seen,
    };
    if (awaiting !== undefined) value.awaiting = awaiting;
    this.#options.shard().enqueue(partition, { case: "suspended", value });
  }

  /** The attempt, or what would have become one, is over through no fault of its own. */
  giveUp({ partition, runId, number }: Pick<Attempt, "partition" | "runId" | "number">): void {
    const value: AttemptLost = {
      $typeName: "perdure.storage.v1.AttemptLost",
      runId,
      attempt: number,
    };
    this.#options.shard().enqueue(partition, { case: "attemptLost", value });
  }

  #addCallees(items: readonly AppendedItem[]): void {
    const { retention, clock, placement = everywhere } = this.#options;
    const context = { view: this.#options.view(), retention, placement, nowMs: clock.now() };
    for (const item of items) {
      if (item.item.case !== "command") continue;
      const callee = calleeFacts(context, item.item.value);
      if (callee !== undefined) item.callee = callee;
    }
  }
}

/** Trying again gives the same: what the policy would do at the end is done now. */
function finalFailure({ retryPolicy }: Attempt, { code, message }: ValueTooLarge): AttemptError {
  const behavior = retryPolicy.onMaxAttempts === "kill" ? Behavior.FAIL : Behavior.PAUSE;
  return failedByServer(code, message, behavior);
}

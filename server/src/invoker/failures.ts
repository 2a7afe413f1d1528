// Why an attempt failed, and what comes next: the retry policy's decision, as an event that carries it.

import { create } from "@bufbuild/protobuf";
import {
  AttemptFailed_Behavior as Behavior,
  type AttemptFailed,
} from "@perdure/proto/protocol/v1/deployment";
import { FailureSchema, VoidSchema, type Failure } from "@perdure/proto/protocol/v1/journal";
import { FailedSchema, type Failed } from "@perdure/proto/storage/v1/events";
import { AttemptFailureSchema, type AttemptFailure } from "@perdure/proto/storage/v1/records";
import { errorMessage } from "@perdure/protocol/error-message";
import { decideRetry } from "@perdure/protocol/retry";
import type { Attempt } from "./attempt.js";

export interface AttemptError {
  readonly failure: AttemptFailure;
  readonly metadata: Failure["metadata"];
  readonly retryAfterMs: number | undefined;
  readonly behavior: Behavior;
}

/** Of a failure that is tried again: it stays in the record of the invocation, which is rewritten with each change. */
const textMax = 64 * 1024;

function shortened(text: string): string {
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`;
}

/** The SDK reported it. */
export function failedBySdk(failed: AttemptFailed): AttemptError {
  const { failure, stacktrace, relatedCommandIndex, retryAfterMs, behavior } = failed;
  const stored = create(AttemptFailureSchema, {
    code: failure?.code ?? 500,
    message: shortened(failure?.message ?? ""),
    stacktrace: shortened(stacktrace),
    relatedCommandName: failed.relatedCommandName,
    relatedCommandType: failed.relatedCommandType,
  });
  if (relatedCommandIndex !== undefined) stored.relatedCommandIndex = relatedCommandIndex;
  return {
    failure: stored,
    metadata: failure?.metadata ?? [],
    retryAfterMs: retryAfterMs === undefined ? undefined : Number(retryAfterMs),
    behavior,
  };
}

/** A command was refused: by the core, or because whom it means is not known. */
export function failedByCommand(error: unknown): AttemptError {
  const message = errorMessage(error);
  const failure = create(AttemptFailureSchema, { code: 500, message, errorCode: codeOf(error) });
  return { failure, metadata: [], retryAfterMs: undefined, behavior: Behavior.RETRY };
}

/** The server itself finds that the attempt can't go on. */
export function failedByServer(
  errorCode: string,
  message: string,
  behavior: Behavior,
): AttemptError {
  const failure = create(AttemptFailureSchema, { code: 500, message, errorCode });
  return { failure, metadata: [], retryAfterMs: undefined, behavior };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function failedEvent(attempt: Attempt, error: AttemptError, nowMs: number): Failed {
  const { runId, number, retryPolicy, failures } = attempt;
  const failure = { ...error.failure, at: nowMs };
  const event = create(FailedSchema, { runId, attempt: number, failure });
  const decision = decide();
  switch (decision.kind) {
    case "retry":
      event.decision = { case: "retryAt", value: Math.ceil(nowMs + decision.delayMs) };
      return event;
    case "pause":
      event.decision = { case: "pause", value: create(VoidSchema) };
      return event;
    case "kill": {
      const { code, errorCode, message: text } = error.failure;
      const { metadata } = error;
      // A failure has no member for the code of what the server itself found.
      const message = errorCode === "" ? text : `${text} (${errorCode})`;
      event.decision = { case: "end", value: create(FailureSchema, { code, message, metadata }) };
      return event;
    }
  }

  function decide(): ReturnType<typeof decideRetry> {
    if (error.behavior === Behavior.PAUSE) return { kind: "pause" };
    if (error.behavior === Behavior.FAIL) return { kind: "kill" };
    return decideRetry(retryPolicy, failures + 1, Math.random(), error.retryAfterMs);
  }
}

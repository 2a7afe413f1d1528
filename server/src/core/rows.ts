// Rows and messages between partitions, written out: `create` from a schema costs more than what is done with them.

import type {
  DurablePromise,
  Identity,
  InboxRow,
  KeyLock,
  Message,
  ResponseSink,
  Sequence,
  StateRow,
  TimerRow,
} from "@perdure/proto/storage/v1/records";

export function identityRow(runId: string): Identity {
  return { $typeName: "perdure.storage.v1.Identity", runId };
}

export function lockRow(runId: string, waiting = 0, taken = 0): KeyLock {
  return { $typeName: "perdure.storage.v1.KeyLock", runId, waiting, taken };
}

export function inboxRow(runId: string): InboxRow {
  return { $typeName: "perdure.storage.v1.InboxRow", runId };
}

export function sequenceRow(value: number): Sequence {
  return { $typeName: "perdure.storage.v1.Sequence", value };
}

export function stateRow(name: string, value: NonNullable<StateRow["value"]>): StateRow {
  return { $typeName: "perdure.storage.v1.StateRow", name, value };
}

export function promiseRow(
  result: DurablePromise["result"],
  waiting: ResponseSink[] = [],
): DurablePromise {
  return { $typeName: "perdure.storage.v1.DurablePromise", result, waiting };
}

function timerRow(runId: string, timer: TimerRow["timer"]): TimerRow {
  return { $typeName: "perdure.storage.v1.TimerRow", timer, runId };
}

export function sleepTimer(runId: string, completionId: number): TimerRow {
  const value = { $typeName: "perdure.storage.v1.SleepTimer" as const, completionId };
  return timerRow(runId, { case: "sleep", value });
}

export function startTimer(runId: string): TimerRow {
  return timerRow(runId, { case: "start", value: { $typeName: "perdure.storage.v1.StartTimer" } });
}

export function retryTimer(runId: string): TimerRow {
  return timerRow(runId, { case: "retry", value: { $typeName: "perdure.storage.v1.RetryTimer" } });
}

export function retentionTimer(runId: string, journalOnly: boolean): TimerRow {
  const value = { $typeName: "perdure.storage.v1.RetentionTimer" as const, journalOnly };
  return timerRow(runId, { case: "retention", value });
}

/** Who is told: a completion of another invocation. */
export function sinkOf(partition: number, runId: string, completionId: number): ResponseSink {
  return { $typeName: "perdure.storage.v1.ResponseSink", partition, runId, completionId };
}

export function messageOf(message: Message["message"]): Message {
  return { $typeName: "perdure.storage.v1.Message", message };
}

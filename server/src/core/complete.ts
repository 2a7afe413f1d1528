// An invocation ends: its output is stored, whoever waits is told, the lock goes on, retention is set,
// all by one event.

import type { Completion, OutputCommand } from "@perdure/proto/protocol/v1/journal";
import {
  InvocationStatus,
  PendingCompletion_Kind as PendingKind,
  type Invocation,
  type ResponseSink,
} from "@perdure/proto/storage/v1/records";
import { completionOf, entryOf } from "@perdure/protocol/messages";
import { save, sendMessage, type ApplyContext, type Draft } from "./context.js";
import type { OutputResult } from "./effect.js";
import { namedKey, timerKey } from "./keys.js";
import { leaveLimits } from "./limits.js";
import { objectOf, releaseLock } from "./lock.js";
import { appendEntry } from "./notify.js";
import { unpin } from "./pin.js";
import { purge } from "./purge.js";
import { messageOf, retentionTimer } from "./rows.js";
import { withdraw } from "./withdraw.js";

/** Ends an invocation with a result that its code did not give: an Output command is written for it. */
export function completeWith(ctx: ApplyContext, draft: Draft, result: OutputResult): void {
  const value: OutputCommand = { $typeName: "perdure.protocol.v1.OutputCommand", result };
  draft.invocation.outputIndex = appendEntry(ctx, draft, entryOf("", { case: "output", value }));
  complete(ctx, draft, result);
}

/** Ends an invocation whose Output command is in the journal. The draft is put back, or gone. */
export function complete(ctx: ApplyContext, draft: Draft, result: OutputResult): void {
  const { runId, invocation } = draft;
  withdraw(ctx, draft, "ended");
  forgetPending(ctx, draft);
  for (const sink of invocation.sinks) completeSink(ctx, sink, result);
  invocation.sinks = [];
  releaseLock(ctx, draft);
  leaveLimits(ctx, draft);
  unpin(ctx, invocation);
  invocation.status = InvocationStatus.COMPLETED;
  invocation.completedAt = ctx.nowMs;
  invocation.awaiting = undefined;
  retain(ctx, draft);
  ctx.emit({ kind: "completed", runId, invocation, output: result });
}

/** Tells another invocation the result that it waits for. */
export function completeSink(
  ctx: ApplyContext,
  sink: ResponseSink,
  result: Completion["result"] | OutputResult,
): void {
  const { runId, completionId } = sink;
  const completion = completionOf(completionId, result);
  const value = { $typeName: "perdure.storage.v1.CompleteMessage" as const, runId, completion };
  sendMessage(ctx, sink.partition, messageOf({ case: "complete", value }));
}

/** Timers and promises that the invocation still waited for. */
function forgetPending(ctx: ApplyContext, draft: Draft): void {
  for (const pending of draft.invocation.pending) {
    if (pending.kind === PendingKind.SLEEP) {
      ctx.tables.timers.delete(timerKey(pending.dueAt, draft.runId, "sleep", pending.completionId));
    }
    if (pending.kind === PendingKind.PROMISE) leavePromise(ctx, draft, pending.name);
  }
  draft.invocation.pending = [];
}

function leavePromise(ctx: ApplyContext, draft: Draft, name: string): void {
  const key = namedKey(objectOf(draft.invocation) ?? "", name);
  const promise = ctx.tables.promises.get(key);
  if (promise === undefined || promise.result.case !== undefined) return;
  const waiting = promise.waiting.filter((sink) => sink.runId !== draft.runId);
  if (waiting.length > 0) ctx.tables.promises.put(key, { ...promise, waiting });
  else ctx.tables.promises.delete(key);
}

/** Keeps the result and the journal for as long as asked, or lets them go now. */
function retain(ctx: ApplyContext, draft: Draft): void {
  const { runId, invocation } = draft;
  if (invocation.completionRetention <= 0) return purge(ctx, runId, invocation);
  invocation.dueAt = ctx.nowMs + invocation.completionRetention;
  putRetention(ctx, runId, invocation.dueAt, false);
  if (invocation.journalRetention < invocation.completionRetention) {
    putRetention(ctx, runId, ctx.nowMs + invocation.journalRetention, true);
  }
  save(ctx, draft);
}

/** It goes before its time: the timers that stand for its time go with it. */
export function forgetRetention(ctx: ApplyContext, runId: string, invocation: Invocation): void {
  ctx.tables.timers.delete(timerKey(invocation.dueAt, runId, "retention"));
  forgetJournalRetention(ctx, runId, invocation);
}

/** The journal goes before its time, and so does the timer of that. */
export function forgetJournalRetention(
  ctx: ApplyContext,
  runId: string,
  { completedAt, journalRetention, completionRetention }: Invocation,
): void {
  if (journalRetention >= completionRetention) return;
  ctx.tables.timers.delete(timerKey(completedAt + journalRetention, runId, "journalRetention"));
}

function putRetention(ctx: ApplyContext, runId: string, dueAt: number, journalOnly: boolean): void {
  const key = timerKey(dueAt, runId, journalOnly ? "journalRetention" : "retention");
  ctx.tables.timers.put(key, retentionTimer(runId, journalOnly));
  ctx.emit({ kind: "armTimer", dueAt, retention: true });
}

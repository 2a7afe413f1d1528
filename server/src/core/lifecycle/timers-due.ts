// Time has come for some timers: one event fires many, up to its limit.

import type { TimersDue } from "@perdure/proto/storage/v1/events";
import { InvocationStatus, type TimerRow } from "@perdure/proto/storage/v1/records";
import { completionOf, voidResult } from "@perdure/protocol/messages";
import { openDraft, save, type ApplyContext } from "../context.js";
import { timerRange } from "../keys.js";
import { admit } from "../lock.js";
import { hasPending, notifyCompletion } from "../notify.js";
import { purge, purgeJournal } from "../purge.js";
import { makeReady } from "../ready.js";

export function timersDue(ctx: ApplyContext, event: TimersDue): void {
  const [from, to] = timerRange(event.retention, event.until);
  const due = ctx.tables.timers.scan(from, to, event.limit);
  for (const { key, value } of due) {
    ctx.tables.timers.delete(key);
    fire(ctx, value);
  }
}

function fire(ctx: ApplyContext, { runId, timer }: TimerRow): void {
  switch (timer.case) {
    case "sleep":
      return wakeUp(ctx, runId, timer.value.completionId);
    case "start":
      return start(ctx, runId);
    case "retry":
      return retry(ctx, runId);
    case "retention":
      return timer.value.journalOnly ? purgeJournal(ctx, runId) : expire(ctx, runId);
    case undefined:
      return;
  }
}

function wakeUp(ctx: ApplyContext, runId: string, completionId: number): void {
  const draft = openDraft(ctx, runId);
  if (draft === undefined || !hasPending(draft, completionId)) return;
  const result = voidResult;
  notifyCompletion(ctx, draft, completionOf(completionId, result));
  save(ctx, draft);
}

function start(ctx: ApplyContext, runId: string): void {
  const draft = openDraft(ctx, runId);
  if (draft?.invocation.status !== InvocationStatus.SCHEDULED) return;
  draft.invocation.dueAt = 0;
  admit(ctx, draft);
  save(ctx, draft);
}

function retry(ctx: ApplyContext, runId: string): void {
  const draft = openDraft(ctx, runId);
  if (draft?.invocation.status !== InvocationStatus.BACKING_OFF) return;
  draft.invocation.dueAt = 0;
  makeReady(ctx, draft);
  save(ctx, draft);
}

function expire(ctx: ApplyContext, runId: string): void {
  const invocation = ctx.tables.invocations.get(runId);
  if (invocation?.status === InvocationStatus.COMPLETED) purge(ctx, runId, invocation);
}

// An attempt failed. What comes next was decided outside, where the retry policy and the dice are: another
// attempt at a time that the event names, a pause, or the end. What the attempt wrote before stays.

import type { Failed } from "@perdure/proto/storage/v1/events";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { completeWith } from "../complete.js";
import { openAttempt, save, type ApplyContext, type Draft } from "../context.js";
import { leaveReady } from "../ready.js";
import { retryTimerKey } from "../withdraw.js";
import { retryTimer } from "../rows.js";

export function failed(ctx: ApplyContext, event: Failed): void {
  const draft = openAttempt(ctx, event.runId, event.attempt);
  if (draft === undefined) return;
  const { invocation } = draft;
  invocation.retryCount++;
  if (event.failure !== undefined) invocation.lastFailure = event.failure;
  switch (event.decision.case) {
    case "retryAt":
      leaveReady(ctx, draft, "failed");
      backOff(ctx, draft, event.decision.value);
      break;
    case "pause":
    case undefined:
      leaveReady(ctx, draft, "failed");
      invocation.status = InvocationStatus.PAUSED;
      break;
    case "end":
      return completeWith(ctx, draft, { case: "failure", value: event.decision.value });
  }
  save(ctx, draft);
}

function backOff(ctx: ApplyContext, draft: Draft, retryAt: number): void {
  const { runId, invocation } = draft;
  invocation.status = InvocationStatus.BACKING_OFF;
  invocation.dueAt = retryAt;
  ctx.tables.timers.put(retryTimerKey(draft), retryTimer(runId));
  ctx.emit({ kind: "armTimer", dueAt: retryAt, retention: false });
}

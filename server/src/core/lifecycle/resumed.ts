// An operator lets an invocation go on: one that is paused, or one that waits for its next attempt. Failures
// count from zero again.

import type { Resumed } from "@perdure/proto/storage/v1/events";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { openDraft, save, type ApplyContext } from "../context.js";
import { findRun } from "../queries.js";
import { makeReady } from "../ready.js";
import { retryTimerKey } from "./failed.js";

export function resumed(ctx: ApplyContext, event: Resumed): void {
  const runId = findRun(ctx.tables, event.invocationId);
  const draft = runId === undefined ? undefined : openDraft(ctx, runId);
  if (draft === undefined) return;
  const { invocation } = draft;
  switch (invocation.status) {
    case InvocationStatus.PAUSED:
      break;
    case InvocationStatus.BACKING_OFF:
      ctx.tables.timers.delete(retryTimerKey(draft));
      invocation.dueAt = 0;
      break;
    default:
      return;
  }
  invocation.retryCount = 0;
  makeReady(ctx, draft);
  save(ctx, draft);
}

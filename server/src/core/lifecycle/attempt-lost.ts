// The session that carried an attempt broke: not the attempt's own failure, so it costs no retry. The
// attempt's number rises, and it stays in the ready table.

import type { AttemptLost } from "@perdure/proto/storage/v1/events";
import { readyAgain } from "../ready.js";
import { openAttempt, save, type ApplyContext } from "../context.js";

export function attemptLost(ctx: ApplyContext, event: AttemptLost): void {
  const draft = openAttempt(ctx, event.runId, event.attempt);
  if (draft === undefined) return;
  const { runId, invocation } = draft;
  ctx.emit({ kind: "attemptOver", runId, attempt: invocation.attempt, why: "lost" });
  invocation.attempt++;
  readyAgain(ctx, draft);
  save(ctx, draft);
}

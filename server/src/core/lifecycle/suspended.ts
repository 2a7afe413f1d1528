// An attempt that can only wait is let go. Only if it has seen the last notification: otherwise one is
// on its way to it, and it will say anew what it waits for.

import type { Suspended } from "@perdure/proto/storage/v1/events";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { openAttempt, save, type ApplyContext } from "../context.js";
import { leaveReady } from "../ready.js";

export function suspended(ctx: ApplyContext, event: Suspended): void {
  const draft = openAttempt(ctx, event.runId, event.attempt);
  if (draft === undefined || event.awaiting === undefined) return;
  const { invocation } = draft;
  if (event.seen < invocation.lastNotification) return;
  leaveReady(ctx, draft, "suspended");
  invocation.status = InvocationStatus.SUSPENDED;
  invocation.awaiting = event.awaiting;
  save(ctx, draft);
}

// An invocation stops what it does: whatever stands for its state in queues and timers goes. What it does next,
// its caller says.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import type { ApplyContext, Draft } from "./context.js";
import type { WhyOver } from "./effect.js";
import { timerKey } from "./keys.js";
import { leaveLimitQueue } from "./limits.js";
import { leaveInbox } from "./lock.js";
import { leaveReady } from "./ready.js";

export function withdraw(ctx: ApplyContext, draft: Draft, why: WhyOver): void {
  const { runId, invocation } = draft;
  switch (invocation.status) {
    case InvocationStatus.READY:
      return leaveReady(ctx, draft, why);
    case InvocationStatus.SCHEDULED:
      ctx.tables.timers.delete(timerKey(invocation.dueAt, runId, "start"));
      break;
    case InvocationStatus.BACKING_OFF:
      ctx.tables.timers.delete(retryTimerKey(draft));
      break;
    case InvocationStatus.INBOXED:
      if (invocation.queueGroup === "") leaveInbox(ctx, draft);
      else leaveLimitQueue(ctx, draft);
      invocation.queueSequence = 0;
      return;
    default:
      return;
  }
  invocation.dueAt = 0;
}

/** Of an invocation that backs off. */
export function retryTimerKey({ runId, invocation }: Draft): string {
  return timerKey(invocation.dueAt, runId, "retry", invocation.attempt);
}

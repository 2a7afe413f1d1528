// Someone wants an invocation to rest until it is resumed. What it waits for comes into its journal meanwhile, and
// wakes it no more; only a cancel does.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import type { Paused } from "@perdure/proto/storage/v1/events";
import { answer, save, type ApplyContext } from "../context.js";
import { openInvocation } from "../queries.js";
import { withdraw } from "../withdraw.js";

export function paused(ctx: ApplyContext, { invocationId }: Paused): void {
  const draft = openInvocation(ctx, invocationId);
  if (draft === undefined) return answer(ctx, "notFound");
  const { invocation } = draft;
  switch (invocation.status) {
    case InvocationStatus.COMPLETED:
      return answer(ctx, "completed");
    case InvocationStatus.SCHEDULED:
    case InvocationStatus.INBOXED:
      return answer(ctx, "notStarted");
    case InvocationStatus.PAUSED:
      return answer(ctx, "alreadyPaused");
    default:
      break;
  }
  withdraw(ctx, draft, "paused");
  invocation.awaiting = undefined;
  invocation.status = InvocationStatus.PAUSED;
  save(ctx, draft);
  answer(ctx, "requested");
}

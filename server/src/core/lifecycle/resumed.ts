// An operator lets an invocation go on: one that is paused, that waits for its next attempt, or that is suspended.
// Failures count from zero again, and it may go on with the code of another deployment.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import type { Resumed } from "@perdure/proto/storage/v1/events";
import { answer, save, type ApplyContext } from "../context.js";
import { pin, unpin } from "../pin.js";
import { openInvocation } from "../queries.js";
import { makeReady } from "../ready.js";
import { withdraw } from "../withdraw.js";

export function resumed(ctx: ApplyContext, event: Resumed): void {
  const draft = openInvocation(ctx, event.invocationId);
  if (draft === undefined) return answer(ctx, "notFound");
  const { invocation } = draft;
  switch (invocation.status) {
    case InvocationStatus.COMPLETED:
      return answer(ctx, "completed");
    case InvocationStatus.SCHEDULED:
    case InvocationStatus.INBOXED:
      return answer(ctx, "notStarted");
    case InvocationStatus.READY:
      // Whether it has an attempt, the shell knows: it asks for another deployment only where there is none.
      if (event.deploymentId === "") return answer(ctx, "done");
      break;
    default:
      break;
  }
  withdraw(ctx, draft, "lost");
  if (event.deploymentId !== "") {
    unpin(ctx, invocation);
    pin(ctx, invocation, event.deploymentId);
  }
  invocation.retryCount = 0;
  invocation.awaiting = undefined;
  makeReady(ctx, draft);
  save(ctx, draft);
  answer(ctx, "done");
}

// Someone wants an invocation to stop. One that has not started ends at once. One that has is told by a signal,
// which interrupts its code where it waits: it may compensate, and then ends as it sees fit.

import { create } from "@bufbuild/protobuf";
import { FailureSchema, SignalSchema, type Signal } from "@perdure/proto/protocol/v1/journal";
import type { Cancelled } from "@perdure/proto/storage/v1/events";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { cancelSignalId } from "../commands/signal.js";
import { completeWith } from "../complete.js";
import { answer, save, type ApplyContext, type Draft } from "../context.js";
import type { OutputResult } from "../effect.js";
import { notifySignal } from "../notify.js";
import { openInvocation } from "../queries.js";
import { makeReady } from "../ready.js";
import { withdraw } from "../withdraw.js";

export function cancelled(ctx: ApplyContext, { invocationId }: Cancelled): void {
  const draft = openInvocation(ctx, invocationId);
  if (draft === undefined) return answer(ctx, "notFound");
  if (draft.invocation.status === InvocationStatus.COMPLETED) return answer(ctx, "completed");
  answer(ctx, cancel(ctx, draft));
}

/** Of an invocation that has not ended. */
export function cancel(ctx: ApplyContext, draft: Draft): "done" | "requested" {
  const { invocation } = draft;
  switch (invocation.status) {
    case InvocationStatus.SCHEDULED:
    case InvocationStatus.INBOXED:
      completeWith(ctx, draft, cancelledResult);
      return "done";
    case InvocationStatus.BACKING_OFF:
    case InvocationStatus.PAUSED:
      notifySignal(ctx, draft, cancelSignal);
      withdraw(ctx, draft, "lost");
      makeReady(ctx, draft);
      break;
    default:
      notifySignal(ctx, draft, cancelSignal);
      break;
  }
  save(ctx, draft);
  return "requested";
}

const cancelSignal: Signal = create(SignalSchema, {
  signal: { case: "id", value: cancelSignalId },
  result: { case: "void", value: {} },
});

const cancelledResult: OutputResult = {
  case: "failure",
  value: create(FailureSchema, { code: 409, message: "canceled" }),
};

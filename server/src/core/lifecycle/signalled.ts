// A signal for an invocation. One that is over, or never was, gets none: signals are fire and forget.

import { InvocationStatus, type SignalMessage } from "@perdure/proto/storage/v1/records";
import { openDraft, save, type ApplyContext } from "../context.js";
import { notifySignal } from "../notify.js";
import { findRun } from "../queries.js";

export function signalled(ctx: ApplyContext, message: SignalMessage): void {
  const runId = findRun(ctx.tables, message.invocationId);
  const draft = runId === undefined ? undefined : openDraft(ctx, runId);
  if (draft === undefined || message.signal === undefined) return;
  if (draft.invocation.status === InvocationStatus.COMPLETED) return;
  notifySignal(ctx, draft, message.signal);
  save(ctx, draft);
}

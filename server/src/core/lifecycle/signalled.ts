// A signal for an invocation. One that is over, or never was, gets none: signals are fire and forget.

import { InvocationStatus, type SignalMessage } from "@perdure/proto/storage/v1/records";
import { cancelSignalId } from "../commands/signal.js";
import { save, type ApplyContext } from "../context.js";
import { notifySignal } from "../notify.js";
import { openInvocation } from "../queries.js";
import { cancel } from "./cancelled.js";

export function signalled(ctx: ApplyContext, message: SignalMessage): void {
  const draft = openInvocation(ctx, message.invocationId);
  if (draft === undefined || message.signal === undefined) return;
  if (draft.invocation.status === InvocationStatus.COMPLETED) return;
  const { signal } = message.signal;
  if (signal.case === "id" && signal.value === cancelSignalId) {
    cancel(ctx, draft);
    return;
  }
  notifySignal(ctx, draft, message.signal);
  save(ctx, draft);
}

// Someone wants an invocation that has ended to run again: as a new one, with the same input, and with as much of
// the old journal as asked. State that the old one has written is not taken back.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { Restarted } from "@perdure/proto/storage/v1/events";
import { answer, save, type ApplyContext } from "../context.js";
import type { VerbOutcome } from "../effect.js";
import { acceptedInvocation } from "../invocation.js";
import { prefixOf } from "../journal-prefix.js";
import { admit } from "../lock.js";
import { appendEntry } from "../notify.js";
import { pin } from "../pin.js";
import { openInvocation } from "../queries.js";

export function restarted(ctx: ApplyContext, event: Restarted): void {
  answer(ctx, restart(ctx, event));
}

function restart(ctx: ApplyContext, event: Restarted): VerbOutcome {
  const source = openInvocation(ctx, event.invocationId);
  if (source === undefined) return "notFound";
  const { invocation: old } = source;
  if (old.status === InvocationStatus.SCHEDULED || old.status === InvocationStatus.INBOXED) {
    return "notStarted";
  }
  if (old.status !== InvocationStatus.COMPLETED) return "running";
  if (old.handlerKind === HandlerKind.RUN) return "isWorkflow";
  const entries = ctx.tables.journal.read(source.runId);
  if (entries[0]?.body.case !== "input") return "inputGone";
  const prefix = prefixOf(entries, event.from);
  if (typeof prefix === "string") return prefix;

  const { target, serviceKind, handlerKind, journalRetention, randomSeed } = old;
  const kept = { completionRetention: journalRetention, journalRetention };
  const invocation = acceptedInvocation(
    { id: event.newId, target, serviceKind, handlerKind, ...kept, randomSeed },
    ctx.nowMs,
  );
  invocation.restartedFrom = old.id;
  const draft = { runId: event.newRunId, invocation };
  for (const entry of prefix) {
    const index = appendEntry(ctx, draft, entry);
    if (isNotification(entry)) invocation.lastNotification = index;
  }
  if (event.deploymentId !== "") pin(ctx, invocation, event.deploymentId);
  admit(ctx, draft);
  save(ctx, draft);
  return "done";
}

function isNotification({ body }: Entry): boolean {
  return body.case === "completion" || body.case === "signal";
}

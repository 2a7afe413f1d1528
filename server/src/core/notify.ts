// A notification reaches an invocation: it is appended to the journal and forwarded to the running
// attempt, or it wakes the invocation if the tree of what it awaits has resolved.

import type { Completion, Entry, Signal } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { reduceAwaiting, type Arrival } from "@perdure/protocol/awaiting";
import { entryOf } from "@perdure/protocol/messages";
import type { ApplyContext, Draft } from "./context.js";
import { makeReady } from "./ready.js";

export function appendEntry(ctx: ApplyContext, draft: Draft, entry: Entry): number {
  const index = draft.invocation.entryCount;
  ctx.tables.journal.append(draft.runId, index, entry);
  draft.invocation.entryCount = index + 1;
  return index;
}

/** Answers a command. The completion must be pending. */
export function notifyCompletion(
  ctx: ApplyContext,
  draft: Draft,
  completion: Completion,
  options: { readonly proposed: boolean } = { proposed: false },
): void {
  const { invocation } = draft;
  invocation.pending = invocation.pending.filter(
    (pending) => pending.completionId !== completion.completionId,
  );
  const entry = entryOf("", { case: "completion", value: completion });
  append(ctx, draft, entry, completion, options.proposed);
  wake(ctx, draft, {
    leaf: { case: "completion", id: completion.completionId },
    succeeded: completion.result.case !== "failure",
  });
}

export function notifySignal(ctx: ApplyContext, draft: Draft, signal: Signal): void {
  const entry = entryOf("", { case: "signal", value: signal });
  append(ctx, draft, entry, undefined, false);
  if (signal.signal.case === undefined) return;
  wake(ctx, draft, {
    leaf:
      signal.signal.case === "id"
        ? { case: "signal", id: signal.signal.value }
        : { case: "named", name: signal.signal.value },
    succeeded: signal.result.case !== "failure",
  });
}

export function hasPending(draft: Draft, completionId: number): boolean {
  return draft.invocation.pending.some((pending) => pending.completionId === completionId);
}

function append(
  ctx: ApplyContext,
  draft: Draft,
  entry: Entry,
  completion: Completion | undefined,
  proposed: boolean,
): void {
  const index = appendEntry(ctx, draft, entry);
  draft.invocation.lastNotification = index;
  if (draft.invocation.status !== InvocationStatus.READY) return;
  const { runId } = draft;
  const { attempt } = draft.invocation;
  ctx.emit({ kind: "forward", runId, attempt, index, entry, completion, proposed });
}

function wake(ctx: ApplyContext, draft: Draft, arrival: Arrival): void {
  const { invocation } = draft;
  if (invocation.status !== InvocationStatus.SUSPENDED) return;
  if (invocation.awaiting === undefined) return makeReady(ctx, draft);
  const reduction = reduceAwaiting(invocation.awaiting, arrival);
  if ("tree" in reduction) {
    invocation.awaiting = reduction.tree;
    return;
  }
  invocation.awaiting = undefined;
  makeReady(ctx, draft);
}

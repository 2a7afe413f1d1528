// Completions that a journal waits for. A completion that is not pending is dropped: that is how a step's
// second result, a timer of a finished sleep or an answer to an older life come to nothing.

import type { PendingCompletion } from "@perdure/proto/storage/v1/records";
import { CommandRejected, type Draft } from "./context.js";
import { hasPending } from "./notify.js";

export function expect(
  draft: Draft,
  pending: Pick<PendingCompletion, "completionId" | "kind"> & Partial<PendingCompletion>,
): void {
  if (pending.completionId === 0 || hasPending(draft, pending.completionId)) {
    throw new CommandRejected(
      "PDR2005",
      `completion id ${String(pending.completionId)} is not free: ids count from 1, each is used once`,
    );
  }
  draft.invocation.pending = [
    ...draft.invocation.pending,
    { $typeName: "perdure.storage.v1.PendingCompletion", dueAt: 0, name: "", ...pending },
  ];
}

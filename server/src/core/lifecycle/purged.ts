// Someone lets go of an invocation that has ended, or of its journal, before its time.

import type { Purged } from "@perdure/proto/storage/v1/events";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { forgetJournalRetention, forgetRetention } from "../complete.js";
import { answer, type ApplyContext } from "../context.js";
import { purge, purgeJournal } from "../purge.js";
import { openInvocation } from "../queries.js";

export function purged(ctx: ApplyContext, { invocationId, journalOnly }: Purged): void {
  const draft = openInvocation(ctx, invocationId);
  if (draft === undefined) return answer(ctx, "notFound");
  const { runId, invocation } = draft;
  if (invocation.status !== InvocationStatus.COMPLETED) return answer(ctx, "notCompleted");
  if (journalOnly) {
    forgetJournalRetention(ctx, runId, invocation);
    purgeJournal(ctx, runId);
  } else {
    forgetRetention(ctx, runId, invocation);
    purge(ctx, runId, invocation);
  }
  answer(ctx, "done");
}

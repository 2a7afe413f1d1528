// What another partition (or this one) put into its outbox arrives. A message that came before, by its
// sequence, changes nothing: senders repeat what they don't know to be logged.

import type { CompleteMessage } from "@perdure/proto/storage/v1/records";
import type { MessageReceived } from "@perdure/proto/storage/v1/events";
import { invariant } from "@perdure/protocol/assert";
import { openDraft, save, type ApplyContext } from "../context.js";
import { hasPending, notifyCompletion } from "../notify.js";
import { sequenceRow } from "../rows.js";
import { attached } from "./attached.js";
import { killed } from "./killed.js";
import { signalled } from "./signalled.js";
import { submitted } from "./submitted.js";

export function messageReceived(ctx: ApplyContext, event: MessageReceived): void {
  const counter = `from:${String(event.from)}`;
  const last = ctx.tables.sequences.get(counter)?.value ?? 0;
  if (event.sequence <= last) return;
  invariant(event.sequence === last + 1, "messages of a partition arrive in order");
  ctx.tables.sequences.put(counter, sequenceRow(event.sequence));

  const message = event.message?.message;
  switch (message?.case) {
    case "invoke":
      return submitted(ctx, message.value);
    case "complete":
      return completed(ctx, message.value);
    case "signal":
      return signalled(ctx, message.value);
    case "attach":
      return attached(ctx, message.value);
    case "kill":
      return killed(ctx, message.value);
    case undefined:
      return;
  }
}

function completed(ctx: ApplyContext, { runId, completion }: CompleteMessage): void {
  const draft = openDraft(ctx, runId);
  if (draft === undefined || completion === undefined) return;
  if (!hasPending(draft, completion.completionId)) return;
  notifyCompletion(ctx, draft, completion);
  save(ctx, draft);
}

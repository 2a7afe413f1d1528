// An attempt made progress: commands and step results, in the order in which its code made them. What
// an attempt that is not the current one sends is dropped. The event is atomic: if the core refuses
// one command, none of it happens, and the attempt fails.

import type { ProposeCompletion } from "@perdure/proto/protocol/v1/deployment";
import type { Appended } from "@perdure/proto/storage/v1/events";
import { completionOf } from "@perdure/protocol/messages";
import { applyCommand } from "../commands/apply-command.js";
import { complete } from "../complete.js";
import { CommandRejected, openAttempt, save, type ApplyContext, type Draft } from "../context.js";
import type { OutputResult } from "../effect.js";
import { hasPending, notifyCompletion } from "../notify.js";
import { pin } from "../pin.js";

export function appended(ctx: ApplyContext, event: Appended): void {
  const draft = openAttempt(ctx, event.runId, event.attempt);
  if (draft === undefined) return;
  const { invocation } = draft;
  invocation.retryCount = 0;
  invocation.progressAt = ctx.nowMs;
  if (invocation.deploymentId === "") pin(ctx, invocation, event.deploymentId);

  let output: OutputResult | undefined;
  for (const { item, callee } of event.items) {
    switch (item.case) {
      case "command":
        output = applyCommand(ctx, draft, item.value, callee) ?? output;
        break;
      case "proposal":
        propose(ctx, draft, item.value);
        break;
      case undefined:
        throw new CommandRejected("PDR2005", "an appended item is neither command nor proposal");
    }
  }

  if (event.end) {
    if (output === undefined) {
      throw new CommandRejected("PDR2006", "the handler ended without an Output command");
    }
    return complete(ctx, draft, output);
  }
  save(ctx, draft);
}

/** A step that has a result keeps it: a second proposal is dropped. */
function propose(ctx: ApplyContext, draft: Draft, proposal: ProposeCompletion): void {
  const { completionId, result, shownAfter } = proposal;
  if (!hasPending(draft, completionId)) return;
  const completion = completionOf(completionId, result);
  if (shownAfter !== undefined) completion.shownAfter = shownAfter;
  notifyCompletion(ctx, draft, completion, { proposed: true });
}

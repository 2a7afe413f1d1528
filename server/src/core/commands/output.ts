// The result of the invocation: the last command.

import type { OutputCommand } from "@perdure/proto/protocol/v1/journal";
import { CommandRejected } from "../context.js";
import type { OutputResult } from "../effect.js";
import { appendEntry } from "../notify.js";
import type { CommandContext } from "./apply-command.js";

export function output({
  ctx,
  draft,
  entry,
  command,
}: CommandContext<OutputCommand>): OutputResult {
  checkResult(command.result);
  draft.invocation.outputIndex = appendEntry(ctx, draft, entry);
  return command.result;
}

/** What callers are told: nothing else can be told to them when the invocation has ended. */
function checkResult(result: OutputResult): void {
  const isTold = result.case === "value" && result.value.content.case !== "reference";
  if (isTold || result.case === "failure") return;
  throw new CommandRejected("PDR2005", "an Output command brings neither a value nor a failure");
}

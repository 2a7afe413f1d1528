// The result of the invocation: the last command.

import type { OutputCommand } from "@perdure/proto/protocol/v1/journal";
import type { OutputResult } from "../effect.js";
import { appendEntry } from "../notify.js";
import type { CommandContext } from "./apply-command.js";

export function output({
  ctx,
  draft,
  entry,
  command,
}: CommandContext<OutputCommand>): OutputResult {
  draft.invocation.outputIndex = appendEntry(ctx, draft, entry);
  return command.result;
}

// A send: another handler is invoked, now or after a delay, and nobody waits.

import type { SendCommand } from "@perdure/proto/protocol/v1/journal";
import { completionOf } from "@perdure/protocol/messages";
import { sendMessage } from "../context.js";
import { dueAfter } from "../keys.js";
import { appendEntry, notifyCompletion } from "../notify.js";
import { messageOf } from "../rows.js";
import type { CommandContext } from "./apply-command.js";
import { calleeOf, invokeMessage } from "./callee.js";

export function send(command: CommandContext<SendCommand>): void {
  const { ctx, draft, entry } = command;
  const { invocationIdCompletionId: completionId, delayMs } = command.command;
  const callee = calleeOf(command.callee);
  appendEntry(ctx, draft, entry);

  const invoke = invokeMessage(command.command, callee);
  if (delayMs > 0n) invoke.startAt = dueAfter(ctx.nowMs, delayMs);
  sendMessage(ctx, callee.partition, messageOf({ case: "invoke", value: invoke }));

  const result = { case: "invocationId" as const, value: callee.id };
  notifyCompletion(ctx, draft, completionOf(completionId, result));
}

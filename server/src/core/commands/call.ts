// A call: another handler is invoked, and its output completes the command.

import type { CallCommand } from "@perdure/proto/protocol/v1/journal";
import { PendingCompletion_Kind as PendingKind } from "@perdure/proto/storage/v1/records";
import { completionOf } from "@perdure/protocol/messages";
import { sendMessage } from "../context.js";
import { appendEntry, notifyCompletion } from "../notify.js";
import { expect } from "../pending.js";
import { messageOf, sinkOf } from "../rows.js";
import type { CommandContext } from "./apply-command.js";
import { calleeOf, invokeMessage } from "./callee.js";

export function call(command: CommandContext<CallCommand>): void {
  const { ctx, draft, entry } = command;
  const { invocationIdCompletionId, resultCompletionId } = command.command;
  const callee = calleeOf(command.callee);
  appendEntry(ctx, draft, entry);
  expect(draft, { completionId: resultCompletionId, kind: PendingKind.CALL, name: callee.id });

  const invoke = invokeMessage(command.command, callee);
  invoke.sink = sinkOf(ctx.partition, draft.runId, resultCompletionId);
  sendMessage(ctx, callee.partition, messageOf({ case: "invoke", value: invoke }));

  const result = { case: "invocationId" as const, value: callee.id };
  notifyCompletion(ctx, draft, completionOf(invocationIdCompletionId, result));
}

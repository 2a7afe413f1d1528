// A call: another handler is invoked, and its output completes the command.

import { create } from "@bufbuild/protobuf";
import { CompletionSchema, type CallCommand } from "@perdure/proto/protocol/v1/journal";
import {
  InvokeMessageSchema,
  PendingCompletion_Kind as PendingKind,
  ResponseSinkSchema,
} from "@perdure/proto/storage/v1/records";
import { sendMessage } from "../context.js";
import { appendEntry, notifyCompletion } from "../notify.js";
import { expect } from "../pending.js";
import type { CommandContext } from "./apply-command.js";
import { calleeOf, invokeMessage } from "./callee.js";

export function call(command: CommandContext<CallCommand>): void {
  const { ctx, draft, entry } = command;
  const { invocationIdCompletionId, resultCompletionId } = command.command;
  const callee = calleeOf(command.callee);
  appendEntry(ctx, draft, entry);
  expect(draft, { completionId: resultCompletionId, kind: PendingKind.CALL, name: callee.id });

  const invoke = create(InvokeMessageSchema, invokeMessage(command.command, callee));
  invoke.sink = create(ResponseSinkSchema, {
    partition: ctx.partition,
    runId: draft.runId,
    completionId: resultCompletionId,
  });
  sendMessage(ctx, callee.partition, {
    $typeName: "perdure.storage.v1.Message",
    message: { case: "invoke", value: invoke },
  });

  const result = { case: "invocationId" as const, value: callee.id };
  notifyCompletion(
    ctx,
    draft,
    create(CompletionSchema, { completionId: invocationIdCompletionId, result }),
  );
}

// The output of another invocation: waited for (attach) or looked at (get output).

import type { AttachCommand, GetOutputCommand } from "@perdure/proto/protocol/v1/journal";
import {
  PendingCompletion_Kind as PendingKind,
  type AttachMessage,
} from "@perdure/proto/storage/v1/records";
import { sendMessage } from "../context.js";
import { appendEntry } from "../notify.js";
import { expect } from "../pending.js";
import { messageOf, sinkOf } from "../rows.js";
import type { CommandContext } from "./apply-command.js";
import { calleeOf } from "./callee.js";

export function attach(command: CommandContext<AttachCommand>): void {
  ask(command, false);
}

export function getOutput(command: CommandContext<GetOutputCommand>): void {
  ask(command, true);
}

function ask(context: CommandContext<AttachCommand | GetOutputCommand>, peek: boolean): void {
  const { ctx, draft, entry } = context;
  const { completionId } = context.command;
  const callee = calleeOf(context.callee);
  appendEntry(ctx, draft, entry);
  expect(draft, { completionId, kind: PendingKind.ATTACH, name: callee.id });
  const sink = sinkOf(ctx.partition, draft.runId, completionId);
  const value: AttachMessage = {
    $typeName: "perdure.storage.v1.AttachMessage",
    invocationId: callee.id,
    sink,
    peek,
  };
  sendMessage(ctx, callee.partition, messageOf({ case: "attach", value }));
}

// The output of another invocation: waited for (attach) or looked at (get output).

import { create } from "@bufbuild/protobuf";
import type { AttachCommand, GetOutputCommand } from "@perdure/proto/protocol/v1/journal";
import {
  MessageSchema,
  PendingCompletion_Kind as PendingKind,
} from "@perdure/proto/storage/v1/records";
import { sendMessage } from "../context.js";
import { appendEntry } from "../notify.js";
import { expect } from "../pending.js";
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
  const sink = { partition: ctx.partition, runId: draft.runId, completionId };
  sendMessage(
    ctx,
    callee.partition,
    create(MessageSchema, {
      message: { case: "attach", value: { invocationId: callee.id, sink, peek } },
    }),
  );
}

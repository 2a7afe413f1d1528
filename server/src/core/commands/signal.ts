// Signals to other invocations: named or numbered ones, the resolution of an awakeable, cancel.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type {
  CancelCommand,
  CompleteAwakeableCommand,
  SendSignalCommand,
  SignalSchema,
} from "@perdure/proto/protocol/v1/journal";
import { MessageSchema } from "@perdure/proto/storage/v1/records";
import { parseAwakeableId } from "@perdure/protocol/awakeable-id";
import { CommandRejected, sendMessage } from "../context.js";
import { appendEntry } from "../notify.js";
import type { CommandContext } from "./apply-command.js";
import { calleeOf } from "./callee.js";

/** The signal that asks an invocation to stop. */
export const cancelSignalId = 1;

export function sendSignal(context: CommandContext<SendSignalCommand>): void {
  const { signal, result } = context.command;
  deliver(context, { signal, result });
}

export function completeAwakeable(context: CommandContext<CompleteAwakeableCommand>): void {
  const awakeable = parseAwakeableId(context.command.awakeableId);
  if (awakeable === undefined) {
    throw new CommandRejected("PDR2008", `"${context.command.awakeableId}" is no awakeable id`);
  }
  const signal = { case: "id" as const, value: awakeable.signalId };
  deliver(context, { signal, result: context.command.result });
}

export function cancel(context: CommandContext<CancelCommand>): void {
  deliver(context, {
    signal: { case: "id", value: cancelSignalId },
    result: { case: "void", value: {} },
  });
}

function deliver(
  context: CommandContext<unknown>,
  signal: MessageInitShape<typeof SignalSchema>,
): void {
  const { ctx, draft, entry } = context;
  const callee = calleeOf(context.callee);
  appendEntry(ctx, draft, entry);
  sendMessage(
    ctx,
    callee.partition,
    create(MessageSchema, {
      message: { case: "signal", value: { invocationId: callee.id, signal } },
    }),
  );
}

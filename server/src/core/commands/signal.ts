// Signals to other invocations: named or numbered ones, the resolution of an awakeable, cancel.

import type {
  CancelCommand,
  CompleteAwakeableCommand,
  SendSignalCommand,
  Signal,
} from "@perdure/proto/protocol/v1/journal";
import type { SignalMessage } from "@perdure/proto/storage/v1/records";
import { parseAwakeableId } from "@perdure/protocol/awakeable-id";
import { voidResult } from "@perdure/protocol/messages";
import { CommandRejected, sendMessage } from "../context.js";
import { appendEntry } from "../notify.js";
import { messageOf } from "../rows.js";
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
    result: voidResult,
  });
}

function deliver(
  context: CommandContext<unknown>,
  { signal, result }: Pick<Signal, "signal" | "result">,
): void {
  const { ctx, draft, entry } = context;
  const callee = calleeOf(context.callee);
  appendEntry(ctx, draft, entry);
  const value: SignalMessage = {
    $typeName: "perdure.storage.v1.SignalMessage",
    invocationId: callee.id,
    signal: { $typeName: "perdure.protocol.v1.Signal", signal, result },
  };
  sendMessage(ctx, callee.partition, messageOf({ case: "signal", value }));
}

// What calls and sends have in common.

import type { CallCommand, SendCommand } from "@perdure/proto/protocol/v1/journal";
import type { CalleeFacts } from "@perdure/proto/storage/v1/events";
import type { InvokeMessage } from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";

export function calleeOf(callee: CalleeFacts | undefined): CalleeFacts {
  invariant(callee !== undefined, "a command that reaches another invocation comes with its facts");
  return callee;
}

export function invokeMessage(
  command: CallCommand | SendCommand,
  callee: CalleeFacts,
): InvokeMessage {
  const { id, runId, target, randomSeed } = callee;
  const { headers, parameter, idempotencyKey = "" } = command;
  return {
    $typeName: "perdure.storage.v1.InvokeMessage",
    id,
    runId,
    headers,
    idempotencyKey,
    startAt: 0,
    randomSeed,
    ...(target === undefined ? {} : { target }),
    ...(parameter === undefined ? {} : { parameter }),
  };
}

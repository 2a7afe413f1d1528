// What calls and sends have in common.

import type { CallCommand, SendCommand } from "@perdure/proto/protocol/v1/journal";
import type { CalleeFacts } from "@perdure/proto/storage/v1/events";
import type { InvokeMessageSchema } from "@perdure/proto/storage/v1/records";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { invariant } from "@perdure/protocol/assert";

export function calleeOf(callee: CalleeFacts | undefined): CalleeFacts {
  invariant(callee !== undefined, "a command that reaches another invocation comes with its facts");
  return callee;
}

export function invokeMessage(
  command: CallCommand | SendCommand,
  callee: CalleeFacts,
): MessageInitShape<typeof InvokeMessageSchema> {
  const { id, runId, target, randomSeed } = callee;
  const { headers, parameter, idempotencyKey = "" } = command;
  return {
    id,
    runId,
    randomSeed,
    headers,
    idempotencyKey,
    ...(target === undefined ? {} : { target }),
    ...(parameter === undefined ? {} : { parameter }),
  };
}

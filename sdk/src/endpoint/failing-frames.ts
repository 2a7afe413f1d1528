// Frames that keep their attempt from going on: one of the server that is larger than this endpoint takes, and one of the
// attempt's own that can't be made into bytes.

import {
  AttemptFailed_Behavior as Behavior,
  type AttemptNumber,
  type DeploymentFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { errorMessage } from "@perdure/protocol/error-message";
import { deploymentFrameOf } from "@perdure/protocol/messages";

/** A value, and what is around it. Servers take 32 MiB by default. */
export const frameBytesTaken: number = 512 * 1024 * 1024;

export function failFrameTooLarge(
  streamId: number,
  attempt: AttemptNumber,
  bytes: number,
): DeploymentFrame {
  const message = `PDR2042: the server sends a value of more than ${String(bytes)} bytes, which this endpoint does not take. Keep large data elsewhere, and record where`;
  return failFrame(streamId, attempt, message, Behavior.PAUSE);
}

export function failFrameUnwritable(
  streamId: number,
  attempt: AttemptNumber,
  error: unknown,
): DeploymentFrame {
  const message = `PDR2030: what the attempt has to say can't be written: ${errorMessage(error)}`;
  return failFrame(streamId, attempt, message, Behavior.RETRY);
}

function failFrame(
  streamId: number,
  attempt: AttemptNumber,
  message: string,
  behavior: Behavior,
): DeploymentFrame {
  return deploymentFrameOf(streamId, attempt, {
    case: "failed",
    value: {
      $typeName: "perdure.protocol.v1.AttemptFailed",
      failure: {
        $typeName: "perdure.protocol.v1.Failure",
        code: 500,
        message,
        metadata: [],
      },
      stacktrace: "",
      relatedCommandName: "",
      relatedCommandType: "",
      behavior,
    },
  });
}

// A frame of the server is larger than this endpoint takes: its attempt can't go on.

import {
  AttemptFailed_Behavior,
  type AttemptNumber,
  type DeploymentFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { deploymentFrameOf } from "@perdure/protocol/messages";

/** A value, and what is around it. Servers take 32 MiB by default. */
export const frameBytesTaken: number = 512 * 1024 * 1024;

export function failFrameTooLarge(
  streamId: number,
  attempt: AttemptNumber,
  bytes: number,
): DeploymentFrame {
  const message = `PDR2042: the server sends a value of more than ${String(bytes)} bytes, which this endpoint does not take. Keep large data elsewhere, and record where`;
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
      behavior: AttemptFailed_Behavior.PAUSE,
    },
  });
}

// How an instance of a deployment names itself, at the start of a session and in the answer to a request.

import type { Hello } from "@perdure/proto/protocol/v1/deployment";
import { gate } from "@perdure/protocol/features";
import { protocolVersions } from "@perdure/protocol/versions";
import { sdkVersion } from "../version.js";

export function helloOf(instance: {
  readonly instanceId: string;
  readonly buildId: string;
}): Hello {
  return {
    $typeName: "perdure.protocol.v1.Hello",
    minProtocolVersion: protocolVersions.min,
    maxProtocolVersion: protocolVersions.max,
    instanceId: instance.instanceId,
    buildId: instance.buildId,
    capacity: 0,
    features: [gate],
    softwareVersion: sdkVersion,
  };
}

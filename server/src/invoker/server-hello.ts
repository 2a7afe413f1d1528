// How this server names itself to deployments.

import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { HelloSchema, type Hello } from "@perdure/proto/protocol/v1/deployment";
import { earlyResults, gate } from "@perdure/protocol/features";
import { protocolVersions } from "@perdure/protocol/versions";
import { serverVersion } from "../observe/version.js";

/** This process, to the instances that it talks to. */
const instanceId = randomUUID();

export function serverHello(): Hello {
  return create(HelloSchema, {
    minProtocolVersion: protocolVersions.min,
    maxProtocolVersion: protocolVersions.max,
    instanceId,
    features: [earlyResults, gate],
    softwareVersion: `perdure-server/${serverVersion()}`,
  });
}

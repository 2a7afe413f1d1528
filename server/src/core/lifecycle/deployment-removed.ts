// In the registry's own partition: a deployment is not there any more.

import type { DeploymentRemoved } from "@perdure/proto/storage/v1/events";
import type { ApplyContext } from "../context.js";

export function deploymentRemoved(ctx: ApplyContext, { deploymentId }: DeploymentRemoved): void {
  ctx.tables.deployments.delete(deploymentId);
  ctx.emit({ kind: "registryChanged" });
}

// In the registry's own partition: a deployment is registered, or replaced.

import type { DeploymentRegistered } from "@perdure/proto/storage/v1/events";
import type { ApplyContext } from "../context.js";

export function deploymentRegistered(ctx: ApplyContext, event: DeploymentRegistered): void {
  if (event.deployment === undefined) return;
  ctx.tables.deployments.put(event.deployment.id, event.deployment);
  ctx.emit({ kind: "registryChanged" });
}

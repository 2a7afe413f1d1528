// The deployment that an invocation belongs to: the one whose code wrote its journal. Counted, so that nobody
// removes a deployment unawares that has work to do.

import type { Invocation } from "@perdure/proto/storage/v1/records";
import { addToCount, countOf, type ApplyContext } from "./context.js";

export function pin(ctx: ApplyContext, invocation: Invocation, deploymentId: string): void {
  invocation.deploymentId = deploymentId;
  if (deploymentId !== "") addToCount(ctx, counterOf(deploymentId), 1);
}

/** It has ended, or goes elsewhere. Its record still names the deployment. */
export function unpin(ctx: ApplyContext, { deploymentId }: Invocation): void {
  if (deploymentId !== "") addToCount(ctx, counterOf(deploymentId), -1);
}

/** Invocations of a partition that have not ended and belong to the deployment. */
export function pinnedTo(ctx: Pick<ApplyContext, "tables">, deploymentId: string): number {
  return countOf(ctx, counterOf(deploymentId));
}

function counterOf(deploymentId: string): string {
  return `pinned:${deploymentId}`;
}

// Whether a deployment is still needed.
//   active    new work of one of its services goes to it
//   draining  it gets no new work, and has some that has not ended
//   drained   nothing needs it: it can be removed

import type { AdminParts } from "./parts.js";

export interface DeploymentUse {
  readonly status: "active" | "draining" | "drained";
  /** Invocations that have not ended and belong to it. */
  readonly pinned_invocations: number;
}

export async function deploymentUse(
  { registrar, operators }: AdminParts,
  id: string,
): Promise<DeploymentUse> {
  const pinned = await operators.pinnedTo(id);
  const services = [...registrar.view.services.values()];
  const isActive = services.some(({ deployment }) => deployment.id === id);
  const unused = pinned > 0 ? "draining" : "drained";
  return { status: isActive ? "active" : unused, pinned_invocations: pinned };
}

// What has begun goes on with the code that it began with. Told by who executes its steps: a process at an address of the
// deployment that its journal belongs to, wherever that has moved to, until an operator gives it to another.

import type { Checker, CheckerContext } from "../history.js";

export function staysOnDeployment({ durable, offend }: CheckerContext): Checker {
  /** Deployments by the addresses that they have or had. */
  const owners = new Map<string, string>();
  return {
    name: "what has begun goes on with the code of its deployment",
    check(fact): void {
      if (fact.kind === "durable" && fact.event.case === "deploymentRegistered") {
        const { deployment } = fact.event.value;
        if (deployment !== undefined) owners.set(deployment.uri, deployment.id);
      }
      if (fact.kind !== "closure") return;
      const { runId, invocationId, address, epoch, counter } = fact.attempt;
      const invocation = durable.invocation(runId);
      // Before its first record it belongs to nobody. An attempt that is over may go on for a while.
      if (invocation === undefined || invocation.deploymentId === "") return;
      if (invocation.attempt !== counter || durable.epochOf(invocationId) !== epoch) return;
      const owner = owners.get(address);
      if (owner === invocation.deploymentId) return;
      offend(
        `${invocationId} belongs to ${invocation.deploymentId}, and went on at ${address} of ${String(owner)}`,
      );
    },
  };
}

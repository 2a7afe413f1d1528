// How often a world went where many worlds never go: what is not counted here may never have happened.

import type { DurableView, Fact } from "./history.js";

const kinds = [
  "results forgotten",
  "keys used anew",
  "restarted",
  "state patched",
  "waited for a limit",
  "bodies beside the log",
  "attempts as requests",
  "deployments removed",
  "rested for want of a deployment",
] as const;
export type Covered = Readonly<Record<(typeof kinds)[number], number>>;

export class Coverage {
  readonly counts: Record<(typeof kinds)[number], number> = noneCovered();

  note(fact: Fact, durable: DurableView): void {
    if (fact.kind !== "durable") return;
    const { event, created, forgotten, bodyApart } = fact;
    const { counts } = this;
    counts["results forgotten"] += forgotten.filter(({ what }) => what === "invocation").length;
    if (bodyApart) counts["bodies beside the log"]++;
    if (event.case === "statePatched") counts["state patched"]++;
    if (event.case === "deploymentRemoved") counts["deployments removed"]++;
    if (event.case === "failed" && event.value.failure?.errorCode === deploymentGone) {
      counts["rested for want of a deployment"]++;
    }
    if (created === undefined) return;
    if (event.case === "restarted") counts.restarted++;
    const { id = "", queueGroup } = durable.invocation(created) ?? {};
    if (durable.lives(id).length > 1) counts["keys used anew"]++;
    if (queueGroup?.startsWith("=") === true) counts["waited for a limit"]++;
  }
}

const deploymentGone = "PDR2019";

export function noneCovered(): Record<(typeof kinds)[number], number> {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<
    (typeof kinds)[number],
    number
  >;
}

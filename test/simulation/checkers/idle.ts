// Accepted work completes: when all faults are over, everything comes to its end in bounded time, exactly once, and
// nothing is left to do.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import type { Checker, CheckerContext } from "../history.js";

export function everythingEnds({ durable, offend }: CheckerContext): Checker {
  const completed = new Set<string>();
  return {
    name: "accepted work completes, exactly once",
    check(fact): void {
      if (fact.kind === "durable") {
        for (const effect of fact.effects) {
          if (effect.kind !== "completed") continue;
          if (completed.has(effect.runId)) offend(`${effect.runId} ended twice`);
          completed.add(effect.runId);
        }
      }
      if (fact.kind !== "end" || fact.idle) return;
      const stuck = [...durable.runs()].flatMap((runId) => {
        const invocation = durable.invocation(runId);
        if (invocation === undefined || invocation.status === InvocationStatus.COMPLETED) return [];
        const { target, status, lastFailure } = invocation;
        const why =
          lastFailure === undefined ? "" : ` (${lastFailure.errorCode} ${lastFailure.message})`;
        return [`${target?.service}/${target?.handler} ${runId} is ${statusName(status)}${why}`];
      });
      offend(
        `stuck: ${stuck.length === 0 ? "a caller, or rows of the tables" : stuck.slice(0, 5).join("; ")}`,
      );
    },
  };
}

function statusName(status: number): string {
  return Object.entries(InvocationStatus).find(([, value]) => value === status)?.[0] ?? "";
}

// Same journal, same path: code that is right never finds that its journal says otherwise. The names of steps say what
// the code saw before, so that any replay that shows things in another order is found out.

import type { Checker, CheckerContext } from "../history.js";

export function samePath({ durable, offend }: CheckerContext): Checker {
  return {
    name: "same journal, same path",
    check(fact): void {
      if (fact.kind !== "durable" || fact.event.case !== "failed") return;
      const { runId, failure } = fact.event.value;
      const message = failure?.message ?? "";
      // Wrong code says so by its step.
      if (!message.includes("PDR2001") || message.includes("another step")) return;
      offend(`${durable.invocation(runId)?.id}: ${message}`);
    },
  };
}

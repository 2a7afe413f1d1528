// What is settled is settled once, and everyone sees the same: each attempt of an invocation, each that waits for the same
// promise or awakeable. And nobody sees what nobody offered.

import type { Checker, CheckerContext } from "../history.js";

export function settledOnce({ durable, offend }: CheckerContext): Checker {
  const seen = new Map<string, string>();
  const offered = new Map<string, Set<string>>();

  const compare = (key: string, outcome: string): void => {
    const before = seen.get(key);
    if (before === undefined) seen.set(key, outcome);
    else if (before !== outcome) offend(`${key} was ${before}, and is ${outcome}`);
  };

  return {
    name: "promises, awakeables and results are settled once, and everyone sees the same",
    check(fact): void {
      if (fact.kind === "offered") {
        const outcomes = offered.get(fact.shared) ?? new Set();
        outcomes.add(fact.outcome);
        offered.set(fact.shared, outcomes);
      }
      if (fact.kind !== "saw") return;
      const { attempt, what, shared, outcome } = fact;
      // The result of a step may be another as long as it is not on disk: the gate has an eye on that.
      const isStep = what.startsWith("step ");
      if (!isStep) compare(`${attempt.runId} ${what}`, outcome);
      if (shared === undefined) return;
      compare(shared, outcome);
      if (offered.get(shared)?.has(outcome) === true) return;
      // Workflows end, and so do their promises; an invocation that is gone has none.
      if (outcome.startsWith("!") && durable.output(attempt.runId) !== undefined) return;
      offend(`${shared} is ${outcome}, which nobody offered`);
    },
  };
}

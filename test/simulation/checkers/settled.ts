// What is settled is settled once, and everyone sees the same: each attempt of an invocation, each that waits for the same
// promise or awakeable. And nobody sees what nobody offered.

import { parseAwakeableId } from "@perdure/protocol/awakeable-id";
import type { AttemptView, Checker, CheckerContext } from "../history.js";

export function settledOnce({ durable, offend }: CheckerContext): Checker {
  const seen = new Map<string, string>();
  const offered = new Map<string, Set<string>>();
  /** Awakeables and promises of invocations that had several lives: each life has its own, of the same name. */
  const reused = new Set<string>();

  /** An attempt that was started early may be shown what a loss of power undoes: no closure begins on it, and it may be another. */
  const isOnDisk = ({ runId, shown }: AttemptView): boolean => {
    const { length } = durable.journal(runId);
    return [...shown.keys()].every((index) => index < length);
  };
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
      if (fact.kind === "durable" && fact.created !== undefined) {
        const { id = "", target } = durable.invocation(fact.created) ?? {};
        if (durable.lives(id).length > 1) {
          reused.add(id);
          reused.add(`promise ${target?.scope ?? ""}/${target?.key ?? ""}`);
        }
      }
      if (fact.kind !== "saw") return;
      const { attempt, what, shared, outcome } = fact;
      // The result of a step may be another as long as it is not on disk: the gate has an eye on that.
      const isStep = what.startsWith("step ");
      if (!isStep && isOnDisk(attempt)) compare(`${attempt.runId} ${what}`, outcome);
      if (shared === undefined) return;
      if (!reused.has(ownerOf(shared))) compare(shared, outcome);
      if (offered.get(shared)?.has(outcome) === true) return;
      // What it has taken over was offered to the one that it was made of.
      const isRestarted = durable.invocation(attempt.runId)?.restartedFrom !== "";
      if (isRestarted && [...offered.values()].some((each) => each.has(outcome))) return;
      // Workflows end, and so do their promises; an invocation that is gone has none.
      if (outcome.startsWith("!") && durable.output(attempt.runId) !== undefined) return;
      offend(`${shared} is ${outcome}, which nobody offered`);
    },
  };
}

/** Whose awakeable or promise it is. */
function ownerOf(shared: string): string {
  const [kind = "", of = ""] = shared.split(" ");
  return kind === "awakeable" ? (parseAwakeableId(of)?.invocationId ?? "") : `${kind} ${of}`;
}

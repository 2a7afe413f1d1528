// Nothing leaves before it is durable: whoever was told that an invocation is accepted, how it ended, or that a signal is
// there, was told what is on disk. And it stays true: in the end every accepted invocation has ended, in that way.

import { outcomeText, type Checker, type CheckerContext } from "../history.js";

export function acknowledgedStays({ durable, offend }: CheckerContext): Checker {
  const accepted = new Set<string>();
  const ended = new Map<string, string>();

  const outcomeOf = (invocationId: string): string | undefined => {
    const runId = durable.find(invocationId);
    const output = runId === undefined ? undefined : durable.output(runId);
    return output === undefined ? undefined : outcomeText(output);
  };

  return {
    name: "nothing leaves before it is durable, and what was acknowledged stays",
    check(fact): void {
      switch (fact.kind) {
        case "accepted":
          accepted.add(fact.invocationId);
          if (durable.find(fact.invocationId) === undefined) {
            offend(`${fact.invocationId} was acknowledged before it was on disk`);
          }
          return;
        case "ended": {
          const { invocationId, outcome } = fact;
          accepted.add(invocationId);
          const before = ended.get(invocationId);
          if (before !== undefined && before !== outcome) {
            offend(`${invocationId} ended with ${outcome}, and had ended with ${before}`);
          }
          ended.set(invocationId, outcome);
          const stored = outcomeOf(invocationId);
          if (stored === outcome) return;
          offend(`${invocationId} was said to have ended with ${outcome}; on disk is ${stored}`);
          return;
        }
        case "signalled":
          if (durable.find(fact.invocationId) === undefined) return;
          if (outcomeOf(fact.invocationId) !== undefined) return;
          if (durable.signals(fact.invocationId).includes(fact.signalId)) return;
          offend(
            `signal ${fact.signalId} of ${fact.invocationId} was acknowledged before it was on disk`,
          );
          return;
        case "end":
          for (const invocationId of accepted) {
            const stored = outcomeOf(invocationId);
            if (stored === undefined) offend(`${invocationId} was acknowledged, and has not ended`);
            const told = ended.get(invocationId);
            if (told !== undefined && told !== stored) {
              offend(
                `${invocationId} was said to have ended with ${told}, and has ended with ${stored}`,
              );
            }
          }
          return;
        default:
          return;
      }
    },
  };
}

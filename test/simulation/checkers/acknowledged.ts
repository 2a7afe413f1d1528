// Nothing leaves before it is durable: whoever was told that an invocation is accepted, how it ended, or that a signal is
// there, was told what is on disk. And it stays true: in the end every accepted invocation has ended, in that way.

import { outcomeText, type Checker, type CheckerContext } from "../history.js";

export function acknowledgedStays({ durable, offend }: CheckerContext): Checker {
  const accepted = new Set<string>();
  /** How often someone was told to have made it. */
  const made = new Map<string, number>();

  /** What all its lives have ended with. */
  const outcomesOf = (invocationId: string): string[] =>
    durable.lives(invocationId).flatMap((runId) => {
      const output = durable.output(runId);
      return output === undefined ? [] : [outcomeText(output)];
    });

  return {
    name: "nothing leaves before it is durable, and what was acknowledged stays",
    check(fact): void {
      switch (fact.kind) {
        case "accepted": {
          const { invocationId, isNew } = fact;
          accepted.add(invocationId);
          const lives = durable.lives(invocationId).length;
          const times = (made.get(invocationId) ?? 0) + (isNew ? 1 : 0);
          made.set(invocationId, times);
          if (lives === 0) offend(`${invocationId} was acknowledged before it was on disk`);
          else if (times > lives) {
            offend(`${invocationId} was made ${times} times, and is on disk ${lives} times`);
          }
          return;
        }
        case "ended": {
          const { invocationId, outcome } = fact;
          accepted.add(invocationId);
          const stored = outcomesOf(invocationId);
          if (stored.includes(outcome)) return;
          offend(
            `${invocationId} was said to have ended with ${outcome}; on disk is ${stored.join(" and ")}`,
          );
          return;
        }
        case "signalled":
          if (durable.find(fact.invocationId) === undefined) return;
          if (outcomesOf(fact.invocationId).length > 0) return;
          if (durable.signals(fact.invocationId).includes(fact.signalId)) return;
          offend(
            `signal ${fact.signalId} of ${fact.invocationId} was acknowledged before it was on disk`,
          );
          return;
        case "end":
          for (const invocationId of accepted) {
            const lives = durable.lives(invocationId).length;
            if (lives > 0 && outcomesOf(invocationId).length === lives) continue;
            offend(`${invocationId} was acknowledged, and has not ended`);
          }
          return;
        default:
          return;
      }
    },
  };
}

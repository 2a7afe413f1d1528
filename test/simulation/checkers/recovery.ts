// After every start the tables are those of the records that survived, to the letter: recovered from a checkpoint and the
// log behind it, or replayed from the first record on. And a server stops only where it was given a reason.

import type { Checker, CheckerContext } from "../history.js";

export function recoveredTables({ offend }: CheckerContext): Checker {
  return {
    name: "tables after a recovery are those of the records",
    check(fact): void {
      if (fact.kind === "recovered" && fact.digest !== fact.expected) {
        offend(`${fact.digest} instead of ${fact.expected}`);
      }
      if (fact.kind === "fatal" && !fact.provoked) {
        offend(`the server stopped without a reason: ${String(fact.error)}`);
      }
    },
  };
}

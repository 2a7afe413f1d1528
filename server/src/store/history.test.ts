// Generated histories of several partitions: anything may happen in any order, crashes and checkpoints
// in between. After each event the tables are in order (invariants.fixture.ts), and after each crash they
// are what they were. A failing history prints its seed; PERDURE_TEST_SEED repeats it, PERDURE_TEST_RUNS
// asks for more.

import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseFrom, runsAndSeed } from "../core/actors.fixture.js";
import type { EventBody } from "../core/apply.js";
import { History } from "./history.fixture.js";

type PlainKind =
  | "submit"
  | "signal"
  | "verb"
  | "patch"
  | "rules"
  | "attempt"
  | "beginCheckpoint"
  | "endCheckpoint"
  | "turn";

type Step =
  | { readonly kind: PlainKind }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "deliver"; readonly count: number }
  | { readonly kind: "crash"; readonly from: "checkpoint" | "scratch" };

function only(kind: PlainKind): fc.Arbitrary<Step> {
  return fc.constant({ kind });
}

const steps = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: only("submit") },
    { weight: 60, arbitrary: only("attempt") },
    { weight: 4, arbitrary: only("signal") },
    { weight: 14, arbitrary: only("verb") },
    { weight: 4, arbitrary: only("patch") },
    { weight: 3, arbitrary: only("rules") },
    {
      weight: 20,
      arbitrary: fc.record({ kind: fc.constant("deliver" as const), count: fc.nat(6) }),
    },
    { weight: 12, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(150) }) },
    { weight: 3, arbitrary: only("beginCheckpoint") },
    { weight: 2, arbitrary: only("endCheckpoint") },
    { weight: 3, arbitrary: only("turn") },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("crash" as const),
        from: fc.constantFrom("checkpoint" as const, "scratch" as const),
      }),
    },
  ),
  { minLength: 10, maxLength: 250, size: "max" },
);

const decisions = fc.array(fc.nat(10_000), { minLength: 50, maxLength: 500, size: "max" });

/** Ids name one of 64 places, which share the partitions that there are. */
const partitionCounts = fc.constantFrom(64, 64, 1, 3);

async function take(history: History, step: Step): Promise<void> {
  switch (step.kind) {
    case "pass":
      return history.pass(step.ms);
    case "deliver":
      return history.deliver(step.count);
    case "crash":
      return history.crash(step.from);
    case "turn":
      await nextTurn();
      return;
    case "endCheckpoint":
      return history.endCheckpoint();
    case "submit":
    case "signal":
    case "verb":
    case "patch":
    case "rules":
    case "attempt":
    case "beginCheckpoint":
      return history[step.kind]();
  }
}

/** Kinds of events that change something now and then. */
const kinds: readonly EventBody["case"][] = [
  "submitted",
  "appended",
  "suspended",
  "failed",
  "attemptLost",
  "timersDue",
  "messageReceived",
  "delivered",
  "signalled",
  "cancelled",
  "killed",
  "paused",
  "resumed",
  "restarted",
  "purged",
  "statePatched",
  "rulesReplaced",
];

// Time for some shrinking too, and to say which one it was.
const limits = runsAndSeed(40);

describe("any history", () => {
  test(
    "keeps the tables in order, survives crashes to the letter, and comes to its end",
    async () => {
      let records = 0;
      let finished = 0;
      const seen: Partial<Record<string, number>> = {};
      await fc.assert(
        fc.asyncProperty(steps, decisions, partitionCounts, async (all, numbers, count) => {
          const history = new History(chooseFrom(numbers), count);
          for (const step of all) {
            await take(history, step);
            expect(history.offences).toEqual([]);
          }
          await history.endCheckpoint();
          await history.crash("checkpoint");
          await history.crash("scratch");
          expect(history.offences).toEqual([]);
          records += history.records;
          for (const [kind, count = 0] of Object.entries(history.seen)) {
            seen[kind] = (seen[kind] ?? 0) + count;
          }

          expect(history.finish()).toBe(true);
          expect(history.offences).toEqual([]);
          history.expire();

          finished++;
          for (const partition of history.partitions) {
            const tables = history.store.partition(partition);
            expect([...history.invocations(partition).keys()]).toEqual([]);
            const left = [...tables.allRows()].map((row) => row.table);
            const outlives = ["state", "promises", "sequences", "rules"];
            expect(left.filter((table) => !outlives.includes(table))).toEqual([]);
          }
          expect(await history.close()).toBe(0);
        }),
        limits,
      );
      // Otherwise little was seen.
      expect(records).toBeGreaterThan(500);
      expect(finished).toBeGreaterThan(5);
      for (const kind of kinds) expect(seen[kind], kind).toBeGreaterThan(0);
    },
    2 * limits.interruptAfterTimeLimit,
  );
});

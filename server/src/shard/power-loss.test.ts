// A shard under load on a machine that loses its power or its process at any operation of its disk:
// whatever was acknowledged is there afterwards, and the tables are those of the records that survived,
// to the letter. A failing run prints its seed; PERDURE_TEST_SEED repeats it, PERDURE_TEST_RUNS asks for
// more.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseFrom, runsAndSeed } from "../core/actors.fixture.js";
import { World, type Life, type Step, type Trouble } from "./power-loss.fixture.js";

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc
      .constantFrom(
        ...(["submit", "submit", "attempt", "attempt", "attempt", "attempt"] as const),
        ...(["signal", "verb", "verb", "patch", "rules"] as const),
        ...(["turn", "turn", "settle"] as const),
      )
      .map((kind) => ({ kind })),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(100) }),
  ),
  { minLength: 5, maxLength: 120, size: "max" },
);

const lives = fc.array(
  fc.record<Life>({
    steps,
    checkpointBytes: fc.constantFrom(20_000, 100_000, Number.POSITIVE_INFINITY),
    // All of them, those that have values, or none.
    largeBytes: fc.constantFrom(-1, 5, Number.POSITIVE_INFINITY),
    trouble: fc.oneof<fc.Arbitrary<Trouble>[]>(
      fc.constant({ kind: "none" }),
      fc.record({ kind: fc.constant("killed" as const), after: fc.nat(60) }),
      fc.record({
        kind: fc.constant("powerLost" as const),
        after: fc.nat(60),
        seed: fc.integer(),
      }),
    ),
  }),
  { minLength: 1, maxLength: 5 },
);

const decisions = fc.array(fc.nat(10_000), { minLength: 50, maxLength: 300, size: "max" });

// Time for some shrinking too, and to say which one it was.
const limits = runsAndSeed(40);

describe("losses of power and kills", () => {
  test(
    "cost nothing that was acknowledged, and leave the tables of what is in the log",
    async () => {
      let kept = 0;
      let cut = 0;
      await fc.assert(
        fc.asyncProperty(lives, decisions, async (all, numbers) => {
          const world = new World(chooseFrom(numbers));
          for (const life of all) {
            await world.live(life);
            expect(world.offences).toEqual([]);
            if (life.trouble.kind !== "none") cut++;
          }
          await world.live({
            steps: [],
            checkpointBytes: Infinity,
            largeBytes: Infinity,
            trouble: { kind: "none" },
          });
          expect(world.offences).toEqual([]);
          kept += world.promises.accepted.size + world.promises.ended.size;
        }),
        limits,
      );
      // Otherwise little was seen.
      expect(kept).toBeGreaterThan(200);
      expect(cut).toBeGreaterThan(20);
    },
    2 * limits.interruptAfterTimeLimit,
  );
});

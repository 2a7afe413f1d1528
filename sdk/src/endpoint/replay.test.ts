// The promise of the SDK: same journal, same path. Programs are generated and run against a model of the
// server; then each prefix of the journal that came of it is replayed, and the attempt has to go on with the
// same commands to the same end, whoever won its races the first time.

import { earlyResults } from "@perdure/protocol/features";
import fc from "fast-check";
import { expect, test } from "vitest";
import { asShown, continueFrom, diceOf, execute, type Execution } from "./model-server.fixture.js";
import { handlerOf, programs, programsWithNative, type Program } from "./program.fixture.js";
import { sessionOf } from "./session.fixture.js";

interface How {
  readonly seed: number;
  readonly partialState: boolean;
  readonly cancel: boolean;
  readonly explicit: boolean;
}

const how: fc.Arbitrary<How> = fc.record({
  seed: fc.nat(),
  partialState: fc.boolean(),
  cancel: fc.boolean(),
  explicit: fc.boolean(),
});

async function replaysFromEveryPrefix(
  program: Program,
  { seed, partialState, cancel, explicit }: How,
  native?: (below: number) => number,
): Promise<Execution> {
  const dice = diceOf(seed);
  const session = sessionOf(handlerOf(program, explicit, native && (() => native(6))), {
    options: { explicitCancellation: explicit },
  });
  const checkTrees = native === undefined;
  const execution = await execute({
    session,
    dice,
    partialState,
    cancel,
    explicit,
    checkTrees,
  });
  for (let known = 1; known <= execution.journal.length; known++) {
    await continueFrom(execution, known, { session, dice, partialState });
  }
  expect(session.session.running).toBe(0);
  session.close();
  await session.ended;
  return execution;
}

/** As above; the code is shown the results of its steps before they are recorded. */
async function replaysWhatWasShownEarly(
  program: Program,
  { seed, partialState, cancel, explicit }: How,
): Promise<{ readonly cuts: number; readonly reordered: number }> {
  const dice = diceOf(seed);
  const handler = handlerOf(program, explicit);
  const options = { options: { explicitCancellation: explicit } };
  const early = sessionOf(handler, options);
  early.hello(earlyResults);
  // What the journal has is replayed alike; what it has not is told in the order in which it was shown.
  const plain = sessionOf(handler, options);
  const checkTrees = false;
  const given = { session: early, dice, partialState, cancel, explicit, checkTrees };
  const execution = await execute(given);
  let cuts = 0;
  let reordered = 0;
  for (let known = 1; known <= execution.journal.length; known++) {
    const journal = asShown(execution.journal, known);
    if (journal === undefined) continue;
    cuts++;
    if (journal.some((entry, at) => entry !== execution.journal[at])) reordered++;
    await continueFrom({ ...execution, journal }, known, { session: plain, dice, partialState });
  }
  for (const session of [early, plain]) {
    expect(session.session.running).toBe(0);
    session.close();
    await session.ended;
  }
  return { cuts, reordered };
}

test(
  "results that are shown before they are recorded come again in the order in which the code saw them",
  {
    timeout: 120_000,
  },
  async () => {
    let all = 0;
    let others = 0;
    await fc.assert(
      fc.asyncProperty(programs, how, async (program, given) => {
        const { cuts, reordered } = await replaysWhatWasShownEarly(program, given);
        all += cuts;
        others += reordered;
      }),
      { numRuns: 150 },
    );
    expect(all).toBeGreaterThan(1_000);
    // Not all journals have the order that the code saw.
    expect(others).toBeGreaterThan(20);
  },
);

test("every prefix of a journal is replayed to the same end", { timeout: 120_000 }, async () => {
  let entries = 0;
  await fc.assert(
    fc.asyncProperty(programs, how, async (program, given) => {
      const { journal } = await replaysFromEveryPrefix(program, given);
      entries += journal.length;
    }),
    { numRuns: 150 },
  );
  // The programs are not all trivial.
  expect(entries).toBeGreaterThan(1_000);
});

test(
  "code that waits for what is not durable in between takes the same path",
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(programsWithNative, how, async (program, given) => {
        await replaysFromEveryPrefix(program, given, diceOf(given.seed + 1));
      }),
      { numRuns: 100 },
    );
  },
);

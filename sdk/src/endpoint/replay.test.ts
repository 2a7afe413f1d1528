// The promise of the SDK: same journal, same path. Programs are generated and run against a model of the
// server; then each prefix of the journal that came of it is replayed, and the attempt has to go on with the
// same commands to the same end, whoever won its races the first time.

import fc from "fast-check";
import { expect, test } from "vitest";
import { continueFrom, diceOf, execute, type Execution } from "./model-server.fixture.js";
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

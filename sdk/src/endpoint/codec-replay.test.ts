// Same journal, same path, with a codec in between: the generated programs of replay.test.ts, their values encoded, and
// decoded in a time that chance chooses.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { JournalValueCodec } from "../serde/journal-value-codec.js";
import { continueFrom, diceOf, execute } from "./model-server.fixture.js";
import { handlerOf, programs } from "./program.fixture.js";
import { sessionOf, turns } from "./session.fixture.js";

const mark = 0xee;

/** The model of the server makes plain values of its own: those are taken as they are. */
function codecOf(dice: (below: number) => number): JournalValueCodec {
  return {
    encode: (bytes) =>
      Uint8Array.from([mark, ...bytes], (byte, index) => (index === 0 ? byte : byte ^ 0x55)),
    decode: async (bytes) => {
      for (let left = dice(4); left > 0; left--) await turns(1);
      return bytes[0] === mark ? bytes.subarray(1).map((byte) => byte ^ 0x55) : bytes;
    },
  };
}

const how = fc.record({ seed: fc.nat(), partialState: fc.boolean(), cancel: fc.boolean() });

test(
  "every prefix of an encoded journal is replayed to the same end",
  { timeout: 60_000 },
  async () => {
    let encoded = 0;
    await fc.assert(
      fc.asyncProperty(programs, how, async (program, { seed, partialState, cancel }) => {
        const dice = diceOf(seed);
        const codec = codecOf(diceOf(seed + 1));
        const session = sessionOf(handlerOf(program, false), {
          endpoint: { journalValueCodecProvider: () => codec },
        });
        const options = { session, dice, partialState, cancel, explicit: false, checkTrees: false };
        const execution = await execute(options);
        encoded += execution.output.includes("\ufffd") ? 1 : 0;
        for (let known = 1; known <= execution.journal.length; known++) {
          await continueFrom(execution, known, options);
        }
        expect(session.session.running).toBe(0);
        session.close();
        await session.ended;
      }),
      { numRuns: 40 },
    );
    // Outputs were encoded: the mark is no text.
    expect(encoded).toBeGreaterThan(10);
  },
);

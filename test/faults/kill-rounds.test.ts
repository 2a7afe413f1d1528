// Some rounds of kills under every workload at once; `npm run faults -- --rounds 200` does as many as one likes.
//
// A failing run prints its seed; PERDURE_TEST_SEED=<seed> makes the same choices again.

import path from "node:path";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { testSeed } from "../harness/seed.js";
import { runKillRounds } from "./kill-rounds.js";
import { killFlags, mixedServices } from "./setting.js";

const bed = useBed("after each");
const rounds = 6;

test(
  "nothing is lost and nothing doubled when server and services are killed under every workload at once",
  { timeout: 600_000 },
  async () => {
    const seed = testSeed();
    console.log(`kill rounds: PERDURE_TEST_SEED=${seed}`);
    const scratch = bed.directory();
    const effectsFile = path.join(scratch, "effects");
    const servicesOptions = mixedServices(effectsFile);
    const { server, services } = await bed.serve(servicesOptions, { flags: killFlags });

    const report = await runKillRounds({
      server,
      services,
      servicesOptions,
      effectsFile,
      scratch,
      rounds,
      seed,
      callersOfEach: 4,
    });

    const { kills, operations, repeats, seconds } = report;
    console.log(
      `kill rounds: ${kills} kills, ${operations} operations, ${repeats} repeats; ${seconds.toFixed(1)} s`,
    );
    expect(report.offences).toEqual([]);
    expect(report.rounds).toBe(rounds);
    expect(Object.values(report.byWorkload).every((count) => count > 4)).toBe(true);
  },
);

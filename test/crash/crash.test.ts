// kill -9 of the server, of the services, of both, at random instants, while hundreds of workflows are under way;
// then everything that was accepted ends, exactly once, with the right result (verify.ts).
//
// A failing run prints its seed; PERDURE_TEST_SEED=<seed> makes the same choices again.

import { cpSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { seededRandom, testSeed } from "../harness/seed.js";
import { recoveredDigest, digestAfterCheckpoint } from "./digest.js";
import { killAndRestart, type Victim } from "./kills.js";
import { runTraffic, type Progress } from "./traffic.js";
import { verify } from "./verify.js";

const bed = useBed("after each");
const seed = testSeed();

const trips = 300;
const timeoutMs = 240_000;

interface Scenario {
  readonly name: string;
  readonly victims: readonly Victim[];
  readonly rounds: number;
  /** Small, so that kills hit checkpoints too. */
  readonly checkpointBytes: string;
  /** Processes that share the partitions. */
  readonly workers?: string;
}

const scenarios: Scenario[] = [
  { name: "the server", victims: ["server"], rounds: 7, checkpointBytes: "64MiB" },
  { name: "the services", victims: ["services"], rounds: 4, checkpointBytes: "1MiB" },
  {
    name: "both, or one of them",
    victims: ["both", "both", "server", "services"],
    rounds: 6,
    checkpointBytes: "128KiB",
  },
  {
    name: "the server, of two workers",
    victims: ["server", "server", "both"],
    rounds: 4,
    checkpointBytes: "1MiB",
    workers: "2",
  },
];

describe("every accepted workflow ends once, with the right result, after kill -9 of", () => {
  test.each(scenarios)(
    "$name",
    { timeout: timeoutMs },
    async ({ name, victims, rounds, checkpointBytes, workers }) => {
      console.log(`crash test of ${name}: PERDURE_TEST_SEED=${seed}`);
      const random = seededRandom(seed, name);
      const scratch = bed.directory();
      const effectsFile = path.join(scratch, "effects");
      const servicesOptions = { modules: ["trips"], env: { PERDURE_TEST_EFFECTS: effectsFile } };
      const { server, services } = await bed.serve(servicesOptions, {
        flags: {
          "checkpoint-bytes": checkpointBytes,
          ...(workers === undefined ? {} : { workers }),
        },
      });
      const began = performance.now();

      const copies: string[] = [];
      const progress = { accepted: 0, ended: 0 };
      const underWay: number[] = [];
      let isKilling = true;
      let isAsking = true;
      const stop = new AbortController();
      const traffic = runTraffic(
        {
          server,
          random,
          trips,
          producers: 4,
          quoters: 6,
          goOn: () => isKilling,
          signal: stop.signal,
        },
        progress,
      ).finally(() => (isAsking = false));
      const killing = killAndRestart({
        server,
        services,
        servicesOptions,
        random: seededRandom(seed, `kills of ${name}`),
        victims,
        rounds,
        share: () => (isAsking ? shareOf(progress) : 1),
        beforeKill: () => underWay.push(progress.accepted - progress.ended),
        whileDead: (round) => {
          const copy = path.join(scratch, `round-${round}`);
          mkdirSync(copy);
          cpSync(server.dataDir, copy, { recursive: true });
          copies.push(copy);
        },
      }).finally(() => (isKilling = false));
      killing.catch((error: unknown) => stop.abort(error));
      // Both end before anything else does: no process is started behind the back of the bed.
      await Promise.allSettled([traffic, killing]);
      const [done, kills] = await Promise.all([traffic, killing]);
      const { executions, repeats } = await verify(server, done, effectsFile, kills);
      await server.kill();
      const digests = await digestsOf([...copies.slice(-1), server.dataDir], scratch);

      console.log(
        `crash test of ${name}: ${kills} kills, ${executions} executions of steps, ${repeats} repeated; ` +
          `workflows under way at the kills: ${underWay.join(", ")}; ` +
          `${((performance.now() - began) / 1_000).toFixed(1)} s`,
      );
      expect(server.processes.every(({ exit }) => exit?.signal === "SIGKILL")).toBe(true);
      for (const [direct, overCheckpoint] of digests) expect(overCheckpoint).toBe(direct);
    },
  );
});

/** From 0 to 1: a sixth for submitting, the rest for what is under way. */
function shareOf({ accepted, ended }: Progress): number {
  return (accepted + 5 * ended) / (6 * trips);
}

/** Of each shard of each directory: as it is recovered, and once more after a checkpoint of that. */
async function digestsOf(dataDirs: readonly string[], scratch: string): Promise<string[][]> {
  const digests = [];
  for (const dataDir of dataDirs) {
    for (const shard of readdirSync(path.join(dataDir, "shards"))) {
      const direct = await recoveredDigest(dataDir, scratch, { shard });
      const overCheckpoint = await digestAfterCheckpoint(dataDir, scratch, { shard });
      digests.push([direct.digest, overCheckpoint.digest]);
    }
  }
  return digests;
}

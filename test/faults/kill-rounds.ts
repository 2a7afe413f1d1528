// kill -9 of the server, of the services or of both, at random instants, while every workload goes on: so many rounds. In
// the end everything that was accepted has ended, exactly once (mixed-book.ts), and the tables are what the log says.

import { cpSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { digestAfterCheckpoint, recoveredDigest } from "../crash/digest.js";
import { checkAlive, killOnce, pause, type Victim } from "../crash/kills.js";
import { seededRandom } from "../harness/seed.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess, ServicesProcessOptions } from "../harness/services-process.js";
import { Disturbances } from "./disturbances.js";
import { MixedBook } from "./mixed-book.js";
import { MixedLoad } from "./mixed-load.js";
import { workloads } from "./mixed-operations.js";

export interface KillRoundsOptions {
  readonly server: ServerProcess;
  readonly services: ServicesProcess;
  readonly servicesOptions: ServicesProcessOptions;
  readonly effectsFile: string;
  /** A directory for copies. */
  readonly scratch: string;
  readonly rounds: number;
  readonly seed: number;
  readonly callersOfEach: number;
  /** Called after each round. */
  readonly told?: (line: string) => void;
}

export interface KillRoundsReport {
  readonly rounds: number;
  readonly kills: number;
  readonly operations: number;
  readonly executions: number;
  readonly repeats: number;
  /** Operations that had no answer yet, at each kill. */
  readonly underWay: readonly number[];
  readonly byWorkload: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Empty where every promise was kept. */
  readonly offences: readonly string[];
}

const victims: readonly Victim[] = ["server", "server", "services", "both"];
const comesToRestMs = 180_000;
/** How long the load goes on between two kills, at most. */
const roundMs = 2_000;

export async function runKillRounds(options: KillRoundsOptions): Promise<KillRoundsReport> {
  const { server, services, servicesOptions, effectsFile, scratch, rounds, seed } = options;
  const began = performance.now();
  const random = seededRandom(seed, "kill rounds");
  const book = new MixedBook(effectsFile);
  const disturbances = new Disturbances();
  const stop = new AbortController();
  const load = new MixedLoad({
    ingress: server.ingress,
    book,
    random: seededRandom(seed, "mixed load"),
    disturbances: () => disturbances.count,
    signal: stop.signal,
  });
  const offences: string[] = [];
  const underWay: number[] = [];
  let kills = 0;
  let isOn = true;
  let failure: Error | undefined;
  const running = load
    .run(options.callersOfEach, () => isOn)
    .catch((error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
      stop.abort(failure);
    });
  const killed = { server, services, servicesOptions, random };
  try {
    for (let round = 0; round < rounds && failure === undefined; round++) {
      await pause(random.between(1, roundMs));
      checkAlive(killed);
      underWay.push(load.underWay.length);
      const victim = victims[random.below(victims.length)] ?? "both";
      kills += await disturbances.during(() => killOnce(killed, victim, round));
      book.judge();
      options.told?.(
        `round ${round + 1} of ${rounds}: ${victim}, ${underWay.at(-1)} operations under way, ` +
          `${book.figures.judged} judged, ${book.offences.length} offences`,
      );
    }
  } finally {
    isOn = false;
    const overdue = setTimeout(() => {
      offences.push(`no answer within ${comesToRestMs} ms: ${load.underWay.join(", ")}`);
      stop.abort(new Error("operations have no answer"));
    }, comesToRestMs);
    await running;
    clearTimeout(overdue);
  }
  if (failure !== undefined) offences.push(failure.message);
  else {
    await load.judgeCounters();
    book.judge(true);
    await server.kill();
    if (!(await hasOneDigest(server.dataDir, scratch))) {
      offences.push("a checkpoint changed what the tables hold");
    }
  }
  const { judged, executions, repeats } = book.figures;
  return {
    rounds: underWay.length,
    kills,
    operations: judged,
    executions,
    repeats,
    underWay,
    byWorkload: Object.fromEntries(workloads.map((name) => [name, load.counts.get(name) ?? 0])),
    seconds: (performance.now() - began) / 1_000,
    offences: [...offences, ...book.offences],
  };
}

/** Recovered from the last checkpoint and the log, and once more after another checkpoint. */
async function hasOneDigest(dataDir: string, scratch: string): Promise<boolean> {
  const copy = path.join(scratch, "dead");
  mkdirSync(copy, { recursive: true });
  cpSync(dataDir, copy, { recursive: true });
  try {
    const direct = await recoveredDigest(copy, scratch);
    return direct.digest === (await digestAfterCheckpoint(copy, scratch)).digest;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

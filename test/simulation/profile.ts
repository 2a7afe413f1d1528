// What kind of world a seed gives: which faults there are and how many, how fast things are, how large. Each fault is
// left out of many worlds, so that others are seen without it.

import type { Retention } from "./history.js";
import type { Random } from "./machine/random.js";
import type { Taste } from "./programs/program.js";

export const operationKinds = [
  "cancel",
  "kill",
  "pause",
  "resume",
  "purge",
  "purgeJournal",
  "restart",
  "patchState",
  "rules",
] as const;
export type OperationKind = (typeof operationKinds)[number];

export const releaseKinds = [
  "newRevision",
  "moveDeployment",
  "changeDeployment",
  "registerAgain",
  "removeDeployment",
] as const;
export type ReleaseKind = (typeof releaseKinds)[number];

export const faultKinds = [
  "serverCrash",
  "plannedCrash",
  "powerLoss",
  "diskFull",
  "syncError",
  "storeError",
  "serviceCrash",
  "slowService",
  "wrongCode",
  "connectionCut",
  "halfOpen",
  "slowNetwork",
  "clockSet",
  ...operationKinds,
  ...releaseKinds,
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Profile {
  /** How often each fault is, compared with a submission. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** Share of starts that end in the middle. */
  readonly crashesAgain: number;
  /** Mean, from the end of the server's process to the start of another. */
  readonly awayMs: number;
  readonly gapMs: number;
  readonly partitions: number;
  /** That share them. */
  readonly workers: number;
  /** Share of the server's starts with another number of them. */
  readonly moves: number;
  readonly checkpointBytes: number;
  readonly segmentBytes: number;
  readonly inactivityTimeoutMs: number;
  readonly concurrency: number;
  readonly eagerStateBytesMax: number;
  readonly lazyState: boolean;
  readonly latencyMs: number;
  readonly syncMs: number;
  /** How long what has ended is kept. */
  readonly retention: Retention;
  /** Share of deployments that are asked request by request. */
  readonly requests: number;
  /** Of an event's values: more of them lie beside the log. */
  readonly largeBytes: number;
  /** Of the server's shards. */
  readonly eventsPerBatch: number;
  readonly lostAnswers: number;
  readonly vanishing: number;
  readonly taste: Taste;
}

const usual: Readonly<Record<FaultKind, number>> = {
  serverCrash: 0.06,
  plannedCrash: 0.08,
  powerLoss: 0.06,
  diskFull: 0.03,
  syncError: 0.02,
  storeError: 0.02,
  serviceCrash: 0.06,
  slowService: 0.03,
  wrongCode: 0.02,
  connectionCut: 0.08,
  halfOpen: 0.03,
  slowNetwork: 0.03,
  clockSet: 0.05,
  cancel: 0.04,
  kill: 0.02,
  pause: 0.04,
  resume: 0.03,
  purge: 0.03,
  purgeJournal: 0.02,
  restart: 0.04,
  patchState: 0.05,
  rules: 0.04,
  newRevision: 0.04,
  moveDeployment: 0.02,
  changeDeployment: 0.01,
  registerAgain: 0.01,
  removeDeployment: 0.03,
};

/** What there is much more of in a storm. */
const stormy: ReadonlySet<FaultKind> = new Set(["serverCrash", "plannedCrash", "powerLoss"]);

export type Weather = "calm" | "mixed" | "storm";

export function drawProfile(random: Random, given?: Weather): Profile {
  const drawn = random.unit();
  const weather = given ?? (drawn < 0.05 ? "calm" : drawn < 0.2 ? "storm" : "mixed");
  const faults = Object.fromEntries(
    faultKinds.map((kind) => {
      const usualTimes = 2 * random.unit();
      const isLeftOut = random.chance(0.4);
      if (weather === "calm") return [kind, 0];
      if (weather === "storm" && stormy.has(kind)) return [kind, 0.5 * (0.2 + random.unit())];
      return [kind, isLeftOut ? 0 : usual[kind] * usualTimes];
    }),
  ) as Record<FaultKind, number>;
  const partitions = random.pick([1, 2, 8, 64]);
  return {
    faults,
    crashesAgain: weather === "storm" ? 0.6 : weather === "calm" ? 0 : 0.3,
    awayMs: weather === "storm" ? 10 : 200,
    gapMs: random.pick([1, 5, 20, 100]),
    partitions,
    workers: Math.min(partitions, random.pick([1, 1, 2, 3])),
    checkpointBytes: random.pick([20_000, 60_000, 200_000, 10_000_000]),
    segmentBytes: random.pick([16, 64, 256]) * 1024,
    inactivityTimeoutMs: random.pick([0, 10, 200, 60_000]),
    concurrency: random.pick([2, 10, 1_000]),
    eagerStateBytesMax: random.pick([0, 100, 65_536]),
    lazyState: random.chance(0.3),
    latencyMs: random.pick([0.1, 0.5, 5]),
    syncMs: random.pick([0.1, 1, 10]),
    lostAnswers: random.chance(0.5) || weather === "calm" ? 0 : 0.1 * random.unit(),
    vanishing: random.chance(0.5) || weather === "calm" ? 0 : 0.2 * random.unit(),
    taste: {
      statementsMax: random.between(2, 6),
      depthMax: random.between(1, 3),
      keys: random.pick([1, 3, 20]),
      sleepMs: random.pick([10, 200, 3_000]),
      stepMs: random.pick([1, 10, 300]),
      workflowKeys: random.pick([1e6, 1e6, 5]),
      scoped: random.pick([0, 0, 0.3, 0.9]),
      valueBytes: random.pick([0, 0, 0, 0, 1_000, 10_000]),
    },
    retention: drawRetention(random),
    requests: random.pick([0, 0, 0, 0, 0, 0.5, 1]),
    largeBytes: random.pick([256 * 1024, 256 * 1024, 256 * 1024, 4_000, 200]),
    eventsPerBatch: random.pick([500, 500, 500, 20, 3]),
    moves: random.pick([0, 0.2, 0.7]),
  };
}

const dayMs = 24 * 60 * 60_000;

/** Mostly nothing is forgotten, so that everything can be asked for in the end. */
function drawRetention(random: Random): Retention {
  const isShort = random.chance(0.35);
  const draw = (): number => random.pick([0, 100, 1_000, 5_000, dayMs]);
  const drawn = { journalMs: draw(), idempotencyMs: draw(), workflowMs: draw() };
  return isShort ? drawn : { journalMs: dayMs, idempotencyMs: dayMs, workflowMs: dayMs };
}

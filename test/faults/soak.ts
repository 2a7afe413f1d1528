// A soak: the mixed load at a fixed rate for a long time, with kills, and a look at memory, files, disk and latency every
// few seconds. In the end everything that was accepted has ended once (mixed-book.ts), and nothing has grown.

import { checkAlive, killOnce } from "../crash/kills.js";
import { seededRandom, type SeededRandom } from "../harness/seed.js";
import { Disturbances } from "./disturbances.js";
import { MixedBook } from "./mixed-book.js";
import { MixedLoad } from "./mixed-load.js";
import { invocationsPerHundred, shares, workloads, type Workload } from "./mixed-operations.js";
import type { Setting } from "./setting.js";
import {
  diskMbOf,
  openFilesOf,
  quantileOf,
  residentMbOf,
  victimAt,
  type Sample,
} from "./soak-samples.js";

export interface SoakOptions {
  readonly setting: Setting;
  readonly minutes: number;
  readonly killEverySeconds: number;
  readonly sampleEverySeconds: number;
  readonly invocationsPerSecond: number;
  readonly seed: number;
  readonly told?: (sample: Sample) => void;
}

export interface SoakReport {
  readonly samples: readonly Sample[];
  readonly operations: number;
  readonly executions: number;
  readonly repeats: number;
  readonly kills: number;
  /** Operations that were not begun, since too many were under way. */
  readonly heldBack: number;
  /** Ids of operations whose callers had no answer for so long that results may be gone. */
  readonly untold: readonly string[];
  /** The longest time for which this program got no turn. */
  readonly stallMs: number;
  readonly offences: readonly string[];
}

/** Short, so that what has ended is gone soon; and callers know it, who may have to ask for longer than that. */
const keptMinutes = 6;
export const soakFlags: Readonly<Record<string, string>> = {
  "journal-retention": "10s",
  "idempotency-retention": `${keptMinutes}m`,
  "workflow-retention": `${keptMinutes}m`,
};

const tickMs = 20;
const underWayMax = 2_000;
const probeEveryMs = 200;
/** Sessions and connections are opened again with back-off: latency is that of a system that is up. */
const upAgainAfterMs = 4_000;
const comesToRestMs = 180_000;

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { setting, seed } = options;
  const book = new MixedBook(setting.effectsFile);
  const disturbances = new Disturbances();
  const stop = new AbortController();
  const random = seededRandom(seed, "soak");
  const load = new MixedLoad({
    ingress: setting.server.ingress,
    book,
    random,
    disturbances: () => disturbances.count,
    signal: stop.signal,
    keptMs: keptMinutes * 60_000,
  });
  const offences: string[] = [];
  const begin = async (workload: Workload): Promise<void> => {
    try {
      await load.begin(workload);
    } catch (error) {
      book.offend(`${workload}: ${String(error)}`);
    }
  };

  const samples: Sample[] = [];
  const startedAt = performance.now();
  const totalMs = options.minutes * 60_000;
  const share = (): number => (performance.now() - startedAt) / totalMs;
  let [kills, heldBack, begun, stallMs] = [0, 0, 0, 0];
  let tickedAt = startedAt;
  let killedAt = -Infinity;
  let latencies: number[] = [];
  const leftMs = (): number => totalMs - (performance.now() - startedAt);

  const operationsPerMs = options.invocationsPerSecond / (invocationsPerHundred * 10);
  const loading = every(tickMs, leftMs, () => {
    stallMs = Math.max(stallMs, performance.now() - tickedAt - tickMs);
    tickedAt = performance.now();
    const due = (performance.now() - startedAt) * operationsPerMs;
    for (; begun < due; begun++) {
      if (load.underWay.length < underWayMax) void begin(randomWorkload(random));
      else heldBack++;
    }
  });
  const probing = every(probeEveryMs, leftMs, async () => {
    const [at, before] = [performance.now(), disturbances.count];
    await begin("steps");
    const isUndisturbed = disturbances.count === before && at > killedAt + upAgainAfterMs;
    if (isUndisturbed) latencies.push(performance.now() - at);
  });
  const killed = { ...setting, random: seededRandom(seed, "kills of the soak") };
  const killing = every(options.killEverySeconds * 1_000, leftMs, async () => {
    const victim = victimAt(share(), kills);
    if (share() === 0 || victim === undefined) return;
    kills += await disturbances.during(() => killOnce(killed, victim, kills));
    killedAt = performance.now();
  });
  const sampling = every(options.sampleEverySeconds * 1_000, leftMs, () => {
    book.judge();
    const { server, services } = setting;
    const sample: Sample = {
      at: share(),
      minutes: (performance.now() - startedAt) / 60_000,
      operations: book.figures.judged,
      kills,
      serverMb: residentMbOf(server.process.pid),
      servicesMb: residentMbOf(services.process.pid),
      serverFiles: openFilesOf(server.process.pid),
      servicesFiles: openFilesOf(services.process.pid),
      diskMb: diskMbOf(server.dataDir),
      p50Ms: quantileOf(latencies, 0.5),
      p99Ms: quantileOf(latencies, 0.99),
    };
    latencies = [];
    samples.push(sample);
    options.told?.(sample);
  });

  await Promise.all([loading, probing, killing, sampling]);
  const overdue = setTimeout(() => {
    offences.push(`no answer within ${comesToRestMs} ms: ${load.underWay.join(", ")}`);
    stop.abort(new Error("operations have no answer"));
  }, comesToRestMs);
  await load.drained().catch(() => undefined);
  clearTimeout(overdue);
  if (!stop.signal.aborted) {
    checkAlive(killed);
    await load.judgeCounters();
    book.judge(true);
    const { code } = await setting.server.terminate();
    if (code !== 0)
      offences.push(`the server ended with ${String(code)} when it was asked to stop`);
  }
  const { judged: operations, executions, repeats } = book.figures;
  const { untold } = book;
  const all = [...offences, ...book.offences];
  return {
    samples,
    operations,
    executions,
    repeats,
    kills,
    heldBack,
    untold,
    stallMs,
    offences: all,
  };
}

function randomWorkload(random: SeededRandom): Workload {
  let drawn = random.below(100);
  for (const workload of workloads) {
    drawn -= shares[workload];
    if (drawn < 0) return workload;
  }
  return "plain";
}

/** Calls `act` after each so many milliseconds, one call after the other, while time is left. */
async function every(
  ms: number,
  leftMs: () => number,
  act: () => Promise<void> | void,
): Promise<void> {
  for (;;) {
    const left = leftMs();
    await new Promise((resolve) => setTimeout(resolve, Math.min(ms, left)));
    if (left <= ms) return;
    await act();
  }
}

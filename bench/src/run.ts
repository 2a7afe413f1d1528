// The order in which everything is measured.
//   M1. Only one system runs at a time, on fresh data, so that none pays for another's background work.
//   M2. Systems alternate: each repetition of each workload measures all of them, the first one in turn.
//   M3. Each fresh system is driven for a while before its first window, so that all code is warm.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LoadProcess } from "./load/load-process.js";
import type { LoadOrder, LoadResult } from "./load/messages.js";
import type { BenchOptions } from "./options.js";
import { failWhenEnded } from "./processes.js";
import { rateOf } from "./results.js";
import type { Sample } from "./results.js";
import { measureSleepers } from "./sleepers.js";
import type { SleepersResult } from "./sleepers.js";
import { traceSyncs } from "./syncs.js";
import { systemOf } from "./systems/index.js";
import { startSystem } from "./systems/start.js";
import type { StartedSystem } from "./systems/start.js";
import type { System } from "./systems/system.js";

export interface Measurements {
  readonly samples: readonly Sample[];
  readonly sleepers: readonly SleepersResult[];
}

/** Says what is being done, for someone who waits. */
export type Progress = (line: string) => void;

const requestTimeoutMs = 30_000;
const primingClients = 20;
const primingMs = 3000;

export async function measureAll(
  options: BenchOptions,
  load: LoadProcess,
  progress: Progress,
): Promise<Measurements> {
  const systems = options.systems.map(systemOf);
  const samples: Sample[] = [];
  for (const workload of options.workloads) {
    for (let repetition = 1; repetition <= options.repetitions; repetition++) {
      for (const system of rotated(systems, repetition - 1)) {
        const cell = { workload, repetition };
        samples.push(...(await measureWorkload(system, cell, options, load, progress)));
      }
    }
  }
  const sleepers: SleepersResult[] = [];
  for (const system of options.sleepers ? systems : []) {
    progress(`sleepers, ${system.title}: ${options.sleeperCount} …`);
    sleepers.push(
      await withSystem(system, "sleepers", options, (started) =>
        measureSleepers(started, load, {
          count: options.sleeperCount,
          patienceMs: options.patienceMs,
        }),
      ),
    );
  }
  return { samples: sorted(samples, options), sleepers };
}

/** One fresh system, one workload, each number of clients in turn. */
function measureWorkload(
  system: System,
  cell: { readonly workload: string; readonly repetition: number },
  options: BenchOptions,
  load: LoadProcess,
  progress: Progress,
): Promise<readonly Sample[]> {
  return withSystem(system, `${cell.workload}-${cell.repetition}`, options, async (started) => {
    const order = (clients: number, warmupMs: number, windowMs: number): LoadOrder => ({
      workload: cell.workload,
      port: started.ingressPort,
      clients,
      extent: { kind: "window", warmupMs, windowMs },
      requestTimeoutMs,
      pids: { server: started.server.pid, services: started.services.pid },
    });
    const ended = Promise.race([failWhenEnded(started.server), failWhenEnded(started.services)]);
    const drive = (...window: Parameters<typeof order>): Promise<LoadResult> =>
      Promise.race([load.run(order(...window)), ended]);
    await drive(primingClients, 0, primingMs);

    const samples: Sample[] = [];
    for (const clients of options.clients) {
      const name = `${system.name}-${cell.workload}-${clients}-${cell.repetition}`;
      const trace =
        options.straceDirectory && (await traceTo(started, options.straceDirectory, name));
      const result = await drive(clients, options.warmupMs, options.windowMs);
      const syncs = trace && Object.fromEntries(await trace.stop());
      samples.push({
        system: system.name,
        ...cell,
        clients,
        ...result,
        ...(syncs ? { syncs } : {}),
      });
      progress(
        `${cell.workload}, ${clients} clients, ${system.title}, repetition ${cell.repetition}: ` +
          `${Math.round(rateOf(result))} /s, p50 ${result.latencyMs.p50.toFixed(2)} ms`,
      );
      for (const complaint of result.complaints) progress(`  ${complaint}`);
    }
    return samples;
  });
}

async function withSystem<T>(
  system: System,
  runName: string,
  options: BenchOptions,
  use: (started: StartedSystem) => Promise<T>,
): Promise<T> {
  const { profiles, dataParent } = options;
  const started = await startSystem(system, {
    dataParent,
    profiles: profiles === undefined ? undefined : join(profiles, `${system.name}-${runName}`),
  });
  try {
    return await use(started);
  } catch (cause) {
    throw new Error(`${system.title}, ${runName} failed`, { cause });
  } finally {
    await started.stop();
  }
}

function traceTo(
  started: StartedSystem,
  directory: string,
  name: string,
): ReturnType<typeof traceSyncs> {
  mkdirSync(directory, { recursive: true });
  return traceSyncs(started.server.pid, join(directory, `${name}.strace`));
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** By workload, clients and system, each in the order of the options. */
function sorted(samples: readonly Sample[], options: BenchOptions): readonly Sample[] {
  const rank = (sample: Sample): number =>
    (options.workloads.indexOf(sample.workload) * options.clients.length +
      options.clients.indexOf(sample.clients)) *
      options.systems.length +
    options.systems.indexOf(sample.system);
  return samples.toSorted((a, b) => rank(a) - rank(b) || a.repetition - b.repetition);
}

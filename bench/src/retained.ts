// The experiment with size: what the calls of a server cost that keeps very many finished invocations, beside those of
// one that keeps none. Both run all the time, and are driven in turn, so that whatever else the machine does
// meets both alike.
//   node --conditions=source --import tsx bench/src/retained.ts [COUNT] [WORKLOAD]      (after npm run build)
import { statSync } from "node:fs";
import { join } from "node:path";
import { startLoadProcess } from "./load/load-process.js";
import type { LoadResult } from "./load/messages.js";
import { medianOf } from "./load/percentiles.js";
import { makeDataDirectory } from "./paths.js";
import { cleanUpAtEnd, removeAtEnd } from "./processes.js";
import { memoryOf } from "./proc-stat.js";
import { rateOf } from "./results.js";
import { seedCopies } from "./seed-copies.js";
import { callGreeter, startSystem } from "./systems/start.js";
import type { StartedSystem } from "./systems/start.js";
import { perdure } from "./systems/perdure.js";

const clients = 50;
const windowMs = 5_000;
const warmupMs = 1_000;
const rounds = 6;
const day = 24 * 60 * 60 * 1_000;

const count = Number(process.argv[2] ?? 1_000_000);
const workload = process.argv[3] ?? "steps3";
cleanUpAtEnd();
const directory = makeDataDirectory(undefined);
removeAtEnd(directory);
const load = await startLoadProcess(directory);
const options = { dataParent: undefined, profiles: undefined };
const empty = await startSystem(perdure, options);
const first = await startSystem(perdure, options);
await first.server.stop("gracefully");

const seededAtMs = performance.now();
const data = join(first.dataDirectory, "data");
await seedCopies(data, { count, endedAtMs: Date.now(), retentionMs: 30 * day });
const bytes = statSync(join(data, "shards/0/store/data.mdb")).size;
console.log(
  `seeded ${count} in ${((performance.now() - seededAtMs) / 1_000).toFixed(0)} s, ${(bytes / count).toFixed(0)} bytes each`,
);
const startedAtMs = performance.now();
const full = await first.restartServer();
while (!(await callGreeter(full.ingressPort, 1_000))) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(`serving after ${(performance.now() - startedAtMs).toFixed(0)} ms`);

const rates = { empty: [] as number[], full: [] as number[] };
for (let round = 0; round <= rounds; round++) {
  // The first to be driven is another one in each round; the first round warms up.
  const order = round % 2 === 0 ? (["empty", "full"] as const) : (["full", "empty"] as const);
  for (const name of order) {
    const system = name === "empty" ? empty : full;
    const result = await window(system);
    if (round > 0) rates[name].push(rateOf(result));
    print(`${round === 0 ? "warm-up" : `round ${round}`}, ${name}`, result, system);
  }
}
const share = medianOf(rates.full) / medianOf(rates.empty);
console.log(`${workload}: ${(100 * share).toFixed(0)} % of an empty store's throughput (medians)`);
await full.stop();
await empty.stop();
await load.stop();
process.exit();

function window(system: StartedSystem): Promise<LoadResult> {
  return load.run({
    workload,
    clients,
    extent: { kind: "window", warmupMs, windowMs },
    port: system.ingressPort,
    requestTimeoutMs: 30_000,
    pids: { server: system.server.pid, services: system.services.pid },
  });
}

function print(what: string, result: LoadResult, system: StartedSystem): void {
  const { p50, p99, p999, max } = result.latencyMs;
  const ms = (value: number): string => value.toFixed(1).padStart(6);
  const cpuUs = (result.cpuMs.server * 1_000) / result.completed;
  const { totalMb, ownMb } = memoryOf(system.server.pid);
  console.log(
    `${what.padEnd(15)} ${rateOf(result).toFixed(0).padStart(6)} /s  p50 ${ms(p50)}  p99 ${ms(p99)}  p99.9 ${ms(p999)}  max ${ms(max)} ms  server ${cpuUs.toFixed(0)} µs, ${totalMb.toFixed(0)} MB, ${ownMb.toFixed(0)} of its own  errors ${result.errors}`,
  );
}

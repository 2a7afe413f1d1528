// The experiment with expiring: what a server does for others while a great many finished invocations, all due
// at once, are let go of. Plain calls of 20 clients, in windows of a second, first without anything to
// expire, then from the start of a server that has it all to do until a while after.
//   node --conditions=source --import tsx bench/src/expiring.ts [COUNT]      (after npm run build)
import { statSync } from "node:fs";
import { join } from "node:path";
import { startLoadProcess } from "./load/load-process.js";
import type { LoadProcess } from "./load/load-process.js";
import type { LoadResult } from "./load/messages.js";
import { makeDataDirectory } from "./paths.js";
import { cleanUpAtEnd, removeAtEnd } from "./processes.js";
import { rssMbOf } from "./proc-stat.js";
import { rateOf } from "./results.js";
import { seedFinished } from "./seed-finished.js";
import { callGreeter, startSystem } from "./systems/start.js";
import type { StartedSystem } from "./systems/start.js";
import { perdure } from "./systems/perdure.js";

const clients = 20;
const windowMs = 1_000;
const windowsMax = 300;
/** Windows after the last is gone. */
const calmWindows = 3;

const count = Number(process.argv[2] ?? 1_000_000);
cleanUpAtEnd();
const directory = makeDataDirectory(undefined);
removeAtEnd(directory);
const load = await startLoadProcess(directory);
const started = await startSystem(perdure, { dataParent: undefined, profiles: undefined });
await window(load, started);
const before = await window(load, started);
print("nothing to expire", before, started);
await started.server.stop("gracefully");

const seededAtMs = performance.now();
const day = 24 * 60 * 60 * 1_000;
const data = join(started.dataDirectory, "data");
const lastIds = await seedFinished(data, {
  count,
  endedAtMs: Date.now() - 2 * day,
  retentionMs: day,
});
const storeMb = statSync(join(data, "shards/0/store/data.mdb")).size / 1e6;
console.log(
  `seeded ${count} in ${((performance.now() - seededAtMs) / 1_000).toFixed(0)} s, store ${storeMb.toFixed(0)} MB`,
);

const restarted = await started.restartServer();
while (!(await callGreeter(restarted.ingressPort, 1_000))) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
const expiringFromMs = performance.now();
let calm = 0;
for (let second = 1; second <= windowsMax && calm < calmWindows; second++) {
  print(`second ${second}`, await window(load, restarted), restarted);
  if (calm === 0 && !(await areGone(restarted, lastIds))) continue;
  if (calm++ > 0) continue;
  const seconds = ((performance.now() - expiringFromMs) / 1_000).toFixed(0);
  console.log(`all ${count} are gone after ${seconds} s`);
}
await restarted.server.stop("at-once");
await started.stop();
await load.stop();
process.exit();

function window(process: LoadProcess, system: StartedSystem): Promise<LoadResult> {
  return process.run({
    workload: "plain",
    clients,
    extent: { kind: "window", warmupMs: 0, windowMs },
    port: system.ingressPort,
    requestTimeoutMs: 30_000,
    pids: { server: system.server.pid, services: system.services.pid },
  });
}

async function areGone({ ingressPort }: StartedSystem, ids: readonly string[]): Promise<boolean> {
  for (const id of ids) {
    const { status } = await fetch(`http://127.0.0.1:${ingressPort}/restate/output/${id}`);
    if (status !== 404) return false;
  }
  return true;
}

function print(what: string, result: LoadResult, system: StartedSystem): void {
  const { p50, p99, max } = result.latencyMs;
  const ms = (value: number): string => value.toFixed(1).padStart(6);
  console.log(
    `${what.padEnd(20)} ${rateOf(result).toFixed(0).padStart(6)} calls/s  p50 ${ms(p50)}  p99 ${ms(p99)}  max ${ms(max)} ms  server ${rssMbOf(system.server.pid).toFixed(0)} MB  errors ${result.errors}`,
  );
}

// What it takes to start a server with another number of workers, among so many invocations that sleep for a day.
//   node --conditions=source --import tsx bench/src/moves.ts [COUNT] [WORKERS…]      (after npm run build)
// For each number in turn: what the server says of the move, when a plain call is answered, counted from the start of the
// process, and the most memory that this process had until then.
import { performance } from "node:perf_hooks";
import { startLoadProcess } from "./load/load-process.js";
import { makeDataDirectory } from "./paths.js";
import { cpuMsOf, peakRssMbOf } from "./proc-stat.js";
import { cleanUpAtEnd, removeAtEnd } from "./processes.js";
import { perdure, perdureOf } from "./systems/perdure.js";
import { timeUntilServed } from "./sleepers.js";
import { startSystem } from "./systems/start.js";

const clients = 50;
const patienceMs = 120_000;

const [count = 100_000, ...given] = process.argv.slice(2).map(Number);
const numbers = given.length === 0 ? [2, 3, 1] : given;
cleanUpAtEnd();
const directory = makeDataDirectory(undefined);
removeAtEnd(directory);
const load = await startLoadProcess(directory);
let system = await startSystem(perdure, { dataParent: undefined, profiles: undefined });
const { completed } = await load.run({
  workload: "sleep-sends",
  clients,
  extent: { kind: "iterations", count },
  port: system.ingressPort,
  requestTimeoutMs: patienceMs,
  pids: { server: system.server.pid, services: system.services.pid },
});
console.log(`${String(completed)} sleep`);

for (const workers of numbers) {
  await system.server.stop("gracefully");
  const startedAt = performance.now();
  system = await system.restartServer(perdureOf(workers));
  if ((await timeUntilServed(system, patienceMs)) === null)
    throw new Error(system.server.logTail());
  const servedMs = performance.now() - startedAt;
  const { pid } = system.server;
  const said = [...system.server.logTail().matchAll(/moved \d+ partitions from.+/g)].at(-1);
  console.log(
    `${said?.[0] ?? "it did not move"}; serves after ${servedMs.toFixed(0)} ms, CPU until then ${cpuMsOf(pid).toFixed(0)} ms, peak ${peakRssMbOf(pid).toFixed(0)} MB`,
  );
}
await system.stop();
await load.stop();
process.exit();

// The experiment with very many sleepers: how memory, submissions and new work go while more and more invocations sleep for a
// day, and how soon a server that was killed among them serves again. A line for each tenth of them.
//   node --conditions=source --import tsx bench/src/many-sleepers.ts [COUNT] [RESTARTS]      (after npm run build)
// New work is a plain call every 20 ms. The figures of memory are MB of server and services: all, and what is no page of a file.
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { startLoadProcess } from "./load/load-process.js";
import { Probe } from "./load/probe.js";
import type { ProbeResult } from "./load/probe.js";
import { makeDataDirectory } from "./paths.js";
import { cleanUpAtEnd, removeAtEnd } from "./processes.js";
import { cpuMsOf, memoryOf, peakRssMbOf } from "./proc-stat.js";
import { rateOf } from "./results.js";
import { measureRestart } from "./sleepers.js";
import { perdure } from "./systems/perdure.js";
import { startSystem } from "./systems/start.js";
import type { StartedSystem } from "./systems/start.js";

const clients = 50;
const steps = 10;
const probeGapMs = 20;
const patienceMs = 120_000;
/** Seconds after the submissions at which memory is looked at again. */
const calmSeconds = [1, 5, 10];

const [count = 1_000_000, restarts = 3] = process.argv.slice(2).map(Number);
cleanUpAtEnd();
const directory = makeDataDirectory(undefined);
removeAtEnd(directory);
const load = await startLoadProcess(directory);
let system = await startSystem(perdure, { dataParent: undefined, profiles: undefined });
print("started", system);

let probe = new Probe(system.ingressPort, probeGapMs);
await delay(3_000);
print("new work alone", system, probe.take());
for (let step = 1; step <= steps; step++) {
  const cpuMs = cpuMsOf(system.server.pid);
  const result = await load.run({
    workload: "sleep-sends",
    clients,
    extent: { kind: "iterations", count: Math.ceil(count / steps) },
    port: system.ingressPort,
    requestTimeoutMs: patienceMs,
    pids: { server: system.server.pid, services: system.services.pid },
  });
  const { p50, p99 } = result.latencyMs;
  const cpuUs = ((cpuMsOf(system.server.pid) - cpuMs) * 1e3) / result.completed;
  print(
    `${String(Math.ceil((count * step) / steps))} sleep`,
    system,
    probe.take(),
    `submitted ${rateOf(result).toFixed(0)} /s, p50 ${ms(p50)}, p99 ${ms(p99)}, server CPU ${cpuUs.toFixed(0)} µs each, errors ${String(result.errors + result.wrong)}`,
  );
}
for (const [at, second] of calmSeconds.entries()) {
  await delay((second - (calmSeconds[at - 1] ?? 0)) * 1_000);
  print(`${String(second)} s later`, system, probe.take());
}
probe.stop();
console.log(`peak ${peakRssMbOf(system.server.pid).toFixed(0)} MB server`);

for (let round = 1; round <= restarts; round++) {
  const { restarted, figures } = await measureRestart(system, patienceMs);
  system = restarted;
  const { diskMb, restartFirstPlainMs, restartOverdueEndedMs, restartCpuMs } = figures;
  probe = new Probe(system.ingressPort, probeGapMs);
  await delay(5_000);
  print(
    `restart ${String(round)}`,
    system,
    probe.take(),
    `serves after ${ms(restartFirstPlainMs)}, what was overdue has ended after ${ms(restartOverdueEndedMs)}, server CPU until then ${ms(restartCpuMs)}, disk ${diskMb.toFixed(0)} MB`,
  );
  probe.stop();
}
await system.stop();
await load.stop();
process.exit();

function print(what: string, of: StartedSystem, calls?: ProbeResult, more = ""): void {
  const memory = [of.server, of.services].map(({ pid }) => {
    const { totalMb, ownMb } = memoryOf(pid);
    return `${totalMb.toFixed(0)} (${ownMb.toFixed(0)})`;
  });
  const seconds = (performance.now() / 1_000).toFixed(0);
  console.log(
    `${seconds.padStart(4)} s  ${what.padEnd(16)} ${memory.join(" + ")} MB  ${toldOf(calls)}  ${more}`,
  );
}

function toldOf(calls: ProbeResult | undefined): string {
  if (calls === undefined) return "";
  const { p50, p99, p999, max } = calls.latencyMs;
  return `calls ${String(calls.calls)}: p50 ${ms(p50)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)}, errors ${String(calls.errors)}`;
}

function ms(value: number | null): string {
  return value === null ? "never" : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

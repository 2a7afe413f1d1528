// The experiment with spikes: what one caller, a plain call every 4 ms, feels of the work that a server does beside calls:
// checkpoints, the retention of very many invocations that is over at once, and a purge of as many.
//   node --conditions=source --import tsx bench/src/spikes.ts [COUNT]      (after npm run build)
// A latency counts from the moment when the call was due, so that one stall is felt by all that would have come in it.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startLoadProcess } from "./load/load-process.js";
import { Probe } from "./load/probe.js";
import { makeDataDirectory } from "./paths.js";
import { cleanUpAtEnd, removeAtEnd } from "./processes.js";
import { cpuMsOf, rssMbOf } from "./proc-stat.js";
import { seedFinished } from "./seed-finished.js";
import { callGreeter, startSystem } from "./systems/start.js";
import { perdure } from "./systems/perdure.js";

const probeGapMs = 4;
const calmMs = 8_000;
const requestTimeoutMs = 30_000;
/** Few, so that what is felt is the checkpoints and not a busy server. */
const submitters = 2;
/** As many as the admin port takes. */
const purgedAtOnce = 1_000;
/** From seeding on: a server has started by then, and is warm. */
const dueAfterMs = 35_000;

const count = Number(process.argv[2] ?? 100_000);
cleanUpAtEnd();
const directory = makeDataDirectory(undefined);
removeAtEnd(directory);
const load = await startLoadProcess(directory);
const started = await startSystem(perdure, { dataParent: undefined, profiles: undefined });
await started.server.stop("gracefully");

const data = join(started.dataDirectory, "data");
const day = 24 * 60 * 60 * 1_000;
const toPurge: string[] = [];
await seedFinished(data, {
  count,
  endedAtMs: Date.now() - 60_000,
  retentionMs: day,
  onSeeded: (id) => toPurge.push(id),
});
const dueAtMs = Date.now() + dueAfterMs;
const lastToExpire = await seedFinished(data, {
  count,
  endedAtMs: dueAtMs - day,
  retentionMs: day,
});

const system = await started.restartServer();
const { ingressPort, adminPort } = system;
while (!(await callGreeter(ingressPort, 1_000))) await delay(10);
await load.run({
  ...orderOf("plain"),
  clients: 20,
  extent: { kind: "window", warmupMs: 0, windowMs: 3_000 },
});

const probe = new Probe(ingressPort, probeGapMs);
await delay(2_000);
await felt("nothing else", () => delay(calmMs));
await felt("checkpoints, by sends", () =>
  load.run({
    ...orderOf("sleep-sends"),
    clients: submitters,
    extent: { kind: "window", warmupMs: 0, windowMs: calmMs },
  }),
);
console.log(`(the retention is over in ${((dueAtMs - Date.now()) / 1_000).toFixed(0)} s)`);
await delay(Math.max(0, dueAtMs - Date.now()));
await felt(`retention of ${String(count)}`, async () => {
  while (!(await areGone(lastToExpire))) await delay(200);
});
await delay(1_000);
await felt(`purge of ${String(count)}`, async () => {
  for (let from = 0; from < toPurge.length; from += purgedAtOnce) {
    await purge(toPurge.slice(from, from + purgedAtOnce));
  }
});
await felt("after it", () => delay(calmMs));
probe.stop();
await system.stop();
await load.stop();
process.exit();

async function felt(what: string, work: () => Promise<unknown>): Promise<void> {
  probe.take();
  const fromMs = performance.now();
  const cpuMs = cpuMsOf(system.server.pid);
  await work();
  const seconds = (performance.now() - fromMs) / 1_000;
  const { calls, errors, latencyMs } = probe.take();
  const { p50, p99, p999, max } = latencyMs;
  const ms = (value: number): string => value.toFixed(1);
  const cpu = (cpuMsOf(system.server.pid) - cpuMs) / seconds / 10;
  console.log(
    `${what.padEnd(24)} ${seconds.toFixed(1)} s, ${String(calls)} calls: p50 ${ms(p50)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)} ms, errors ${String(errors)}; server ${cpu.toFixed(0)} % CPU, ${rssMbOf(system.server.pid).toFixed(0)} MB`,
  );
}

function orderOf(workload: string) {
  return {
    workload,
    port: ingressPort,
    requestTimeoutMs,
    pids: { server: system.server.pid, services: system.services.pid },
  } as const;
}

async function areGone(ids: readonly string[]): Promise<boolean> {
  for (const id of ids) {
    const { status } = await fetch(`http://127.0.0.1:${ingressPort}/restate/output/${id}`);
    if (status !== 404) return false;
  }
  return true;
}

async function purge(ids: readonly string[]): Promise<void> {
  const url = `http://127.0.0.1:${adminPort}/internal/invocations_batch_operations/purge`;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ invocation_ids: ids }),
  });
  const { failed } = (await response.json()) as { readonly failed?: readonly unknown[] };
  if (failed === undefined || failed.length > 0) {
    throw new Error(`a purge failed: ${String(response.status)} ${JSON.stringify(failed?.[0])}`);
  }
}

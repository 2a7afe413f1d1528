// Carries out one order: runs the loop, samples CPU and memory at both edges of the window, then lets
// the workload verify what the system holds.
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { cpuMsOf, machineTicks, msPerTick, processTree, rssMbOf } from "../proc-stat.js";
import { workloadOf } from "../workloads/index.js";
import type { Iteration, WorkloadRun } from "../workloads/workload.js";
import { ClosedLoop } from "./closed-loop.js";
import type { LoadOrder, LoadResult, MeasuredPids } from "./messages.js";
import { percentilesOf } from "./percentiles.js";

/** How long iterations that are in flight at the end of the window may take to end. */
const drainPatienceMs = 15_000;
const verifyingClients = 50;

export async function measure(order: LoadOrder): Promise<LoadResult> {
  const run = workloadOf(order.workload).start(freshRunId());
  const next = order.extent.kind === "window" ? () => run.next() : limited(run, order.extent.count);
  const loop = new ClosedLoop({ ...order, next });

  if (order.extent.kind === "window") await delay(order.extent.warmupMs);
  loop.takeLatencies();
  const before = sample(order.pids);
  if (order.extent.kind === "window") await delay(order.extent.windowMs);
  else await loop.finished;
  const latencies = loop.takeLatencies();
  const after = sample(order.pids);
  await loop.stop(drainPatienceMs);

  const { totals } = loop;
  const allAnswered = totals.errors + totals.wrong + totals.unfinished === 0;
  const verified = allAnswered ? await verify(run, order) : undefined;
  const idle = after.machine.idle - before.machine.idle;
  const total = after.machine.total - before.machine.total;
  const cpuMs = {
    server: after.serverCpuMs - before.serverCpuMs,
    services: after.servicesCpuMs - before.servicesCpuMs,
    load: after.loadCpuMs - before.loadCpuMs,
  };
  const own = (cpuMs.server + cpuMs.services + cpuMs.load) / msPerTick;
  return {
    completed: latencies.length,
    windowMs: after.atMs - before.atMs,
    latencyMs: percentilesOf(latencies),
    totalCompleted: totals.completed,
    errors: totals.errors + (verified?.errors ?? 0),
    wrong: totals.wrong + (verified?.wrong ?? 0),
    unfinished: totals.unfinished,
    complaints: [...totals.complaints, ...(verified?.complaints ?? [])],
    cpuMs,
    rssMb: { server: sumOf(order.pids.server, rssMbOf), services: rssMbOf(order.pids.services) },
    idleShare: idle / total,
    otherShare: Math.max(0, total - idle - own) / total,
  };
}

interface Sample {
  readonly atMs: number;
  readonly serverCpuMs: number;
  readonly servicesCpuMs: number;
  readonly loadCpuMs: number;
  readonly machine: { readonly idle: number; readonly total: number };
}

function sample(pids: MeasuredPids): Sample {
  const own = process.cpuUsage();
  return {
    atMs: performance.now(),
    serverCpuMs: sumOf(pids.server, cpuMsOf),
    servicesCpuMs: cpuMsOf(pids.services),
    loadCpuMs: (own.user + own.system) / 1000,
    machine: machineTicks(),
  };
}

/** Of all processes of a server. */
function sumOf(pid: number, of: (pid: number) => number): number {
  return processTree(pid).reduce((sum, each) => sum + of(each), 0);
}

async function verify(
  run: WorkloadRun,
  order: LoadOrder,
): Promise<ClosedLoop["totals"] | undefined> {
  const reads = [...(run.verification?.() ?? [])];
  if (reads.length === 0) return undefined;
  const loop = new ClosedLoop({ ...order, clients: verifyingClients, next: () => reads.pop() });
  await loop.finished;
  return loop.totals;
}

function limited(run: WorkloadRun, count: number): () => Iteration | undefined {
  let left = count;
  return () => (left-- > 0 ? run.next() : undefined);
}

function freshRunId(): string {
  return Math.random().toString(36).slice(2, 10);
}

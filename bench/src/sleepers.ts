// The experiment with sleepers: what 100,000 invocations that sleep for a day cost, and whether the
// system still does anything else. Its phases, on a fresh system:
//   1. submit them (sends, 50 clients); memory before and after
//   2. one plain call right after; then a second of plain calls
//   3. 200 calls that sleep for two seconds: how much later than due they are answered
//   4. kill -9 the server while 20 sleepers come due, start it again: time from the start of the
//      process to the first plain call answered, and until the overdue sleepers have ended
// A phase that the system does not get through within the patience given is reported as such (null).
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { execFileSync } from "node:child_process";
import type { LoadProcess } from "./load/load-process.js";
import type { LoadOrder, LoadResult } from "./load/messages.js";
import { cpuMsOf, memoryOf, rssMbOf } from "./proc-stat.js";
import { rateOf } from "./results.js";
import { callGreeter } from "./systems/start.js";
import type { StartedSystem } from "./systems/start.js";
import { napMs } from "./workloads/sleepers.js";

/** Times in milliseconds, memory in MB. Null: not within the patience, or not reached because of that. */
export interface SleepersResult {
  readonly system: string;
  readonly submitted: number;
  readonly submitRate: number;
  readonly submitP50Ms: number;
  readonly submitP99Ms: number;
  /** CPU for one submission. */
  readonly submitCpuUs: { readonly server: number; readonly services: number };
  readonly rssBeforeMb: { readonly server: number; readonly services: number };
  readonly rssAfterMb: { readonly server: number; readonly services: number };
  /** Of that, what is no page of a file. */
  readonly ownAfterMb: { readonly server: number; readonly services: number };
  readonly diskMb: number;
  readonly plainBeforeP50Ms: number;
  readonly firstPlainMs: number | null;
  readonly plainAfterP50Ms: number | null;
  readonly napLateP50Ms: number | null;
  readonly napLateP99Ms: number | null;
  readonly napLateMaxMs: number | null;
  readonly restartFirstPlainMs: number | null;
  readonly restartOverdueEndedMs: number | null;
  readonly rssRestartedMb: { readonly server: number; readonly services: number };
  /** CPU of the server from its restart until the end of the experiment. */
  readonly restartCpuMs: number;
  readonly errors: number;
  readonly wrong: number;
  readonly complaints: readonly string[];
}

const overdueCount = 20;
const overdueSleepMs = 1000;
const pollMs = 10;

export async function measureSleepers(
  started: StartedSystem,
  load: LoadProcess,
  options: { readonly count: number; readonly patienceMs: number },
): Promise<SleepersResult> {
  const results: LoadResult[] = [];
  const order = async (
    workload: string,
    clients: number,
    extent: LoadOrder["extent"],
  ): Promise<LoadResult> => {
    const result = await load.run({
      workload,
      clients,
      extent,
      port: started.ingressPort,
      requestTimeoutMs: options.patienceMs,
      pids: { server: started.server.pid, services: started.services.pid },
    });
    results.push(result);
    return result;
  };
  const plainWindow = { kind: "window", warmupMs: 200, windowMs: 1000 } as const;

  await order("plain", 20, { kind: "window", warmupMs: 0, windowMs: 2000 });
  const plainBefore = await order("plain", 1, plainWindow);
  const rssBeforeMb = rssOf(started);

  const submit = await order("sleep-sends", 50, { kind: "iterations", count: options.count });
  const rssAfterMb = rssOf(started);
  const ownAfterMb = ownOf(started);

  const firstPlainMs = await timeUntilServed(started, options.patienceMs);
  const isServing = firstPlainMs !== null;
  const plainAfter = isServing ? await order("plain", 1, plainWindow) : undefined;
  const naps = isServing ? await order("naps", 50, { kind: "iterations", count: 200 }) : undefined;

  const { restarted, figures: restart } = await measureRestart(started, options.patienceMs);
  await restarted.server.stop("at-once");

  const lateMs = (point: "p50" | "p99" | "max"): number | null =>
    naps && naps.completed > 0 ? naps.latencyMs[point] - napMs : null;
  return {
    system: started.system.name,
    submitted: submit.completed,
    submitRate: rateOf(submit),
    submitP50Ms: submit.latencyMs.p50,
    submitP99Ms: submit.latencyMs.p99,
    submitCpuUs: {
      server: (submit.cpuMs.server * 1000) / submit.completed,
      services: (submit.cpuMs.services * 1000) / submit.completed,
    },
    rssBeforeMb,
    rssAfterMb,
    ownAfterMb,
    plainBeforeP50Ms: plainBefore.latencyMs.p50,
    firstPlainMs,
    plainAfterP50Ms: plainAfter?.latencyMs.p50 ?? null,
    napLateP50Ms: lateMs("p50"),
    napLateP99Ms: lateMs("p99"),
    napLateMaxMs: lateMs("max"),
    ...restart,
    errors: results.reduce((sum, result) => sum + result.errors, 0),
    wrong: results.reduce((sum, result) => sum + result.wrong, 0),
    complaints: results.flatMap((result) => result.complaints),
  };
}

type RestartFigures = Pick<
  SleepersResult,
  "diskMb" | "restartFirstPlainMs" | "restartOverdueEndedMs" | "rssRestartedMb" | "restartCpuMs"
>;

/** Kills the server while some come due, starts it again, and looks how soon it serves and they have ended. It is left running. */
export async function measureRestart(
  started: StartedSystem,
  patienceMs: number,
): Promise<{ readonly restarted: StartedSystem; readonly figures: RestartFigures }> {
  const ids = await Promise.all(
    Array.from({ length: overdueCount }, () => sendSleeper(started.ingressPort, patienceMs)),
  );
  await started.server.stop("at-once");
  const diskMb = diskUsageMb(started.dataDirectory);
  await delay(2 * overdueSleepMs);

  const startedAtMs = performance.now();
  const restarted = await started.restartServer();
  const sinceStart = (): number => performance.now() - startedAtMs;
  const [restartFirstPlainMs, overdue] = await Promise.all([
    timeUntilServed(restarted, patienceMs).then((ms) => ms && sinceStart()),
    Promise.all(ids.map((id) => timeUntilEnded(restarted.ingressPort, id, patienceMs))),
  ]);
  const ended = overdue.filter((ms): ms is number => ms !== null);
  const figures = {
    diskMb,
    restartFirstPlainMs,
    restartOverdueEndedMs: ended.length === overdue.length ? Math.max(...ended) : null,
    rssRestartedMb: rssOf(restarted),
    restartCpuMs: cpuMsOf(restarted.server.pid),
  };
  return { restarted, figures };
}

/** From now until a plain call is answered; refused and failed calls are repeated. */
export function timeUntilServed(
  started: StartedSystem,
  patienceMs: number,
): Promise<number | null> {
  return timeUntil(patienceMs, (leftMs) => callGreeter(started.ingressPort, leftMs));
}

/** From now until an invocation has ended, which its caller sees by attaching to it. */
function timeUntilEnded(
  ingressPort: number,
  invocationId: string,
  patienceMs: number,
): Promise<number | null> {
  const url = `http://127.0.0.1:${ingressPort}/restate/invocation/${invocationId}/attach`;
  return timeUntil(patienceMs, async (leftMs) => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(leftMs) });
      return response.ok && (await response.json()) === "awake";
    } catch {
      return false;
    }
  });
}

async function timeUntil(
  patienceMs: number,
  attempt: (leftMs: number) => Promise<boolean>,
): Promise<number | null> {
  const startedAtMs = performance.now();
  for (;;) {
    const leftMs = patienceMs - (performance.now() - startedAtMs);
    if (leftMs <= 0) return null;
    if (await attempt(Math.ceil(leftMs))) return performance.now() - startedAtMs;
    await delay(pollMs);
  }
}

async function sendSleeper(ingressPort: number, timeoutMs: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ingressPort}/Sleeper/sleep/send`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: String(overdueSleepMs),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return ((await response.json()) as { readonly invocationId: string }).invocationId;
}

function rssOf(started: StartedSystem): { readonly server: number; readonly services: number } {
  return { server: rssMbOf(started.server.pid), services: rssMbOf(started.services.pid) };
}

function ownOf(started: StartedSystem): { readonly server: number; readonly services: number } {
  const { server, services } = started;
  return { server: memoryOf(server.pid).ownMb, services: memoryOf(services.pid).ownMb };
}

function diskUsageMb(directory: string): number {
  const kib = Number.parseInt(execFileSync("du", ["-sk", directory], { encoding: "utf8" }), 10);
  return (kib * 1024) / 1e6;
}

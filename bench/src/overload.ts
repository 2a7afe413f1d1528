// The experiment with overload: more work than the server can do, from callers who don't wait for one another. First a
// closed loop finds the capacity, then requests come at fixed rates (an open loop), at half of it, at all of it and at
// multiples. A latency counts from the moment when the request was due, so that a stall is felt by all who would have
// come in it.
//   node --conditions=source --import tsx bench/src/overload.ts [WORKLOAD] [SECONDS] [FACTORS] [RATE]     (after npm run build)
//   e.g. overload.ts steps3 5 0.5,1,2,3; a RATE is taken for the capacity, in place of what was found
import { performance } from "node:perf_hooks";
import { Connection } from "./load/connection.js";
import { startLoadProcess } from "./load/load-process.js";
import { percentilesOf } from "./load/percentiles.js";
import { makeDataDirectory } from "./paths.js";
import { cleanUpAtEnd, removeAtEnd } from "./processes.js";
import { cpuMsOf, rssMbOf } from "./proc-stat.js";
import { rateOf } from "./results.js";
import { perdure } from "./systems/perdure.js";
import { startSystem, type StartedSystem } from "./systems/start.js";
import { get } from "./workloads/workload.js";
import { workloadOf } from "./workloads/index.js";

const capacityClients = 100;
/** Open before the first request is due, so that opening them is no part of what is measured. */
const connectionsAtStart = 3_000;
const connectionsMax = 6_000;
/** Requests that could not even be sent: all connections were busy. */
const patienceMs = 10_000;

const [name = "plain", seconds = "4", factors = "0.5,1,2,3", givenRate] = process.argv.slice(2);
cleanUpAtEnd();
const directory = makeDataDirectory(undefined);
removeAtEnd(directory);
const load = await startLoadProcess(directory);
const started = await startSystem(perdure, { dataParent: undefined, profiles: undefined });
const pids = { server: started.server.pid, services: started.services.pid };
const closed = (windowMs: number): ReturnType<typeof load.run> =>
  load.run({
    workload: name,
    clients: capacityClients,
    extent: { kind: "window", warmupMs: 1_000, windowMs },
    port: started.ingressPort,
    requestTimeoutMs: 30_000,
    pids,
  });
await closed(1_000);
const capacity = await closed(3_000);
const perSecond = givenRate === undefined ? rateOf(capacity) : Number(givenRate);
console.log(
  `${name}: capacity ${rateOf(capacity).toFixed(0)}/s with ${String(capacityClients)} clients, p50 ${ms(capacity.latencyMs.p50)}, p99 ${ms(capacity.latencyMs.p99)}`,
);
for (const factor of factors.split(",").map(Number)) {
  await openLoop(started, factor, perSecond * factor, Number(seconds) * 1_000);
}
const after = await closed(2_000);
console.log(`afterwards: ${rateOf(after).toFixed(0)}/s, p50 ${ms(after.latencyMs.p50)}`);
await started.stop();
await load.stop();
process.exit();

async function openLoop(
  system: StartedSystem,
  factor: number,
  rate: number,
  durationMs: number,
): Promise<void> {
  const next = nextRequest();
  const cpuMsOwn = (): number => process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3;
  const idle: Connection[] = [];
  const accepted: number[] = [];
  const refused: number[] = [];
  const statuses = new Map<string, number>();
  let connections = 0;
  let underWay = 0;
  let unsent = 0;
  let rssMax = 0;
  const count = (what: string): void => void statuses.set(what, (statuses.get(what) ?? 0) + 1);

  const senders = new Map<Connection, (request: string, dueAt: number) => void>();
  function connect(): Connection {
    connections++;
    let dueAt = 0;
    const connection: Connection = new Connection(system.ingressPort, {
      response: (status) => {
        underWay--;
        const tookMs = performance.now() - dueAt;
        if (status === 200) accepted.push(tookMs);
        else {
          refused.push(tookMs);
          count(String(status));
        }
        idle.push(connection);
      },
      broken: () => {
        connections--;
        underWay--;
        count("broken");
        const at = idle.indexOf(connection);
        if (at !== -1) idle.splice(at, 1);
      },
    });
    senders.set(connection, (request, at) => {
      dueAt = at;
      underWay++;
      connection.send(request);
    });
    return connection;
  }

  // libuv accepts one connection in each turn: each says something before it counts as open.
  while (connections < connectionsAtStart) {
    for (let at = 0; at < 50; at++) {
      const connection = connect();
      senders.get(connection)!(get("/restate/health"), performance.now());
    }
    while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  accepted.length = 0;
  const cpuBefore = {
    own: cpuMsOwn(),
    server: cpuMsOf(pids.server),
    services: cpuMsOf(pids.services),
  };
  const startMs = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const due = Math.floor((Math.min(nowMs - startMs, durationMs) * rate) / 1_000);
      for (; sent < due; sent++) {
        const dueAt = startMs + (sent * 1_000) / rate;
        const free = idle.pop() ?? (connections < connectionsMax ? connect() : undefined);
        if (free === undefined) unsent++;
        else senders.get(free)!(next(), dueAt);
      }
      if (nowMs - startMs < durationMs) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  rssMax = Math.max(rssMax, rssMbOf(pids.server));
  const inTime = accepted.length;
  const giveUpAt = performance.now() + patienceMs;
  while (underWay > 0 && performance.now() < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const drainMs = performance.now() - startMs - durationMs;
  const cpuMs = {
    own: cpuMsOwn() - cpuBefore.own,
    server: cpuMsOf(pids.server) - cpuBefore.server,
    services: cpuMsOf(pids.services) - cpuBefore.services,
  };
  const answeredIn = percentilesOf(accepted);
  const refusedIn = percentilesOf(refused);
  const line = [
    `${factor.toFixed(1)} x`,
    `${rate.toFixed(0).padStart(6)}/s due`,
    `answered ${((inTime * 1_000) / durationMs).toFixed(0).padStart(5)}/s`,
    `p50 ${ms(answeredIn.p50)} p99 ${ms(answeredIn.p99)} max ${ms(answeredIn.max)}`,
    `refused ${String(refused.length)} p50 ${ms(refusedIn.p50)} p99 ${ms(refusedIn.p99)}`,
    `unsent ${String(unsent)} unanswered ${String(underWay)} drained in ${ms(drainMs)}`,
    `rss ${rssMax.toFixed(0)} MB cpu ${(cpuMs.server / 1e3).toFixed(1)}+${(cpuMs.services / 1e3).toFixed(1)}+${(cpuMs.own / 1e3).toFixed(1)} s`,
    JSON.stringify(Object.fromEntries(statuses)),
  ];
  console.log(line.join("  "));
  for (const connection of senders.keys()) connection.close();
}

function nextRequest(): () => string {
  const run = workloadOf(name).start(`overload${String(Date.now())}`);
  return () => run.next()[0]!.request;
}

function ms(value: number | null): string {
  return value === null || Number.isNaN(value) ? "-" : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

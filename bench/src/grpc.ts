// The experiment with gRPC: the plain call as callers over gRPC make it, beside the JSON route and Connect, in turn.
//   node --conditions=source --import tsx bench/src/grpc.ts [ROUNDS]      (after npm run build)
// What counts is what a call costs the server; the callers over gRPC are Node's own HTTP/2, which costs more than they would.
import { connect, type ClientHttp2Session } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { startLoadProcess } from "./load/load-process.js";
import { medianOf } from "./load/percentiles.js";
import { makeDataDirectory } from "./paths.js";
import { cpuMsOf } from "./proc-stat.js";
import { cleanUpAtEnd, removeAtEnd } from "./processes.js";
import { perdure } from "./systems/perdure.js";
import { startSystem } from "./systems/start.js";
import { stringField } from "./workloads/typed.js";

const callers = 50;
const warmupMs = 1_000;
const windowMs = 4_000;

const rounds = Number(process.argv[2] ?? 3);
cleanUpAtEnd();
const directory = makeDataDirectory(undefined);
removeAtEnd(directory);
const load = await startLoadProcess(directory);
const system = await startSystem(perdure, { dataParent: undefined, profiles: undefined });
const { ingressPort } = system;

interface Window {
  readonly calls: number;
  readonly cpuMs: number;
}

const kinds: Readonly<Record<string, () => Promise<Window>>> = {
  "JSON over HTTP/1.1": () => overHttp1("plain"),
  "Connect over HTTP/1.1": () => overHttp1("typed"),
  [`gRPC, ${String(callers)} connections`]: () => overGrpc(callers),
  "gRPC, one connection": () => overGrpc(1),
};
await overHttp1("plain");
const found = new Map<string, number[]>();
for (let round = 0; round < rounds; round++) {
  for (const [kind, measure] of Object.entries(kinds)) {
    const { calls, cpuMs } = await measure();
    const micros = (1_000 * cpuMs) / calls;
    found.set(kind, [...(found.get(kind) ?? []), micros]);
    const perSecond = (1_000 * calls) / windowMs;
    console.error(
      `${kind}: ${perSecond.toFixed(0)} /s, ${micros.toFixed(0)} µs of server CPU each`,
    );
  }
}
for (const [kind, micros] of found) {
  const all = micros.map((each) => each.toFixed(0)).join(" / ");
  console.log(`${kind.padEnd(24)} ${medianOf(micros).toFixed(0)} µs (${all})`);
}
await system.stop();
await load.stop();
process.exit();

async function overHttp1(workload: string): Promise<Window> {
  const measured = await load.run({
    workload,
    port: ingressPort,
    requestTimeoutMs: 30_000,
    pids: { server: system.server.pid, services: system.services.pid },
    clients: callers,
    extent: { kind: "window", warmupMs, windowMs },
  });
  return { calls: measured.completed, cpuMs: measured.cpuMs.server };
}

/** Each caller has one call under way. */
async function overGrpc(connections: number): Promise<Window> {
  const sessions = Array.from({ length: connections }, () =>
    connect(`http://127.0.0.1:${String(ingressPort)}`),
  );
  let calls = 0;
  let isOver = false;
  const all = Array.from({ length: callers }, async (_, caller) => {
    const session = sessions[caller % connections] as ClientHttp2Session;
    for (let call = 0; !isOver; call++) {
      await greet(session, `caller ${String(caller)} ${String(call)}`);
      calls++;
    }
  });
  await delay(warmupMs);
  const before = { calls, cpuMs: cpuMsOf(system.server.pid) };
  await delay(windowMs);
  const window = { calls: calls - before.calls, cpuMs: cpuMsOf(system.server.pid) - before.cpuMs };
  isOver = true;
  await Promise.all(all);
  for (const session of sessions) session.close();
  return window;
}

/** @throws Error  anything but the right answer */
function greet(session: ClientHttp2Session, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/bench.v1.Greeter/Greet",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const parts: Buffer[] = [];
    let status: string | undefined;
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("trailers", (trailers) => (status = String(trailers["grpc-status"])));
    stream.on("error", reject);
    stream.on("close", () => {
      const answer = Buffer.concat(parts).toString();
      if (status === "0" && answer.includes(`Hello ${name}`)) resolve();
      else reject(new Error(`status ${String(status)}: ${answer}`));
    });
    stream.end(framed(name));
  });
}

/** A message with one string, field 2, in its frame. */
function framed(text: string): Buffer {
  const message = Buffer.from(stringField(2, text), "latin1");
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

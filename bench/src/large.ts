// What large values do to small calls beside them: 20 clients of plain calls alone, then beside a few that move inputs,
// outputs, step results and state values of 1 MB and of 30 MB, served by a process of their own. `npm run bench:large -- [--seconds N] [--sizes 1,30]
// [--kinds input,output,step,state] [--profiles FOLDER]`.
import { request } from "node:http";
import { parseArgs } from "node:util";
import { startLoadProcess } from "./load/load-process.js";
import type { LoadResult } from "./load/messages.js";
import { makeDataDirectory } from "./paths.js";
import { cleanUp, cleanUpAtEnd, removeAtEnd, type RunningProcess } from "./processes.js";
import { peakRssMbOf } from "./proc-stat.js";
import { perdure } from "./systems/perdure.js";
import { startSystem, type StartedSystem } from "./systems/start.js";

const smallClients = 20;
const kinds = ["input", "output", "step", "state"] as const;
type Kind = (typeof kinds)[number];

interface Cell {
  readonly small: LoadResult;
  readonly large: number;
  readonly largeMs: readonly number[];
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    sizes: { type: "string", default: "1,30" },
    kinds: { type: "string", default: kinds.join(",") },
    /** Of large calls. */
    clients: { type: "string", default: "2" },
    profiles: { type: "string" },
  },
});

cleanUpAtEnd();
const texts = new Map<number, Buffer>();
const directory = makeDataDirectory(undefined);
removeAtEnd(directory);
const load = await startLoadProcess(directory);
const sizes = values.sizes.split(",").map((text) => Number(text) * 1_000_000);
const chosen = kinds.filter((kind) => values.kinds.split(",").includes(kind));
try {
  console.log(
    "values            | small: calls | p50 ms | p99 ms | max ms | large: MB/s | p50 ms | CPU ms/MB server + services | peak MB server + services",
  );
  await measure("none", 0);
  for (const size of sizes) for (const kind of chosen) await measure(kind, size);
} finally {
  await load.stop();
  cleanUp();
}

/** Each cell has a fresh system, so that its peak of memory is its own. */
async function measure(kind: Kind | "none", bytes: number): Promise<void> {
  const started = await startSystem(perdure, {
    dataParent: undefined,
    profiles: values.profiles,
    moreServices: ["services/large"],
  });
  try {
    const cell = await cellOf(started, kind, bytes);
    print(kind, bytes, cell, started);
  } finally {
    await started.stop();
  }
}

async function cellOf(started: StartedSystem, kind: Kind | "none", bytes: number): Promise<Cell> {
  let stopped = false;
  const largeMs: number[] = [];
  const client = async (name: string): Promise<void> => {
    while (!stopped) {
      const startedAt = performance.now();
      await callLarge(started.ingressPort, kind as Kind, name, bytes);
      largeMs.push(performance.now() - startedAt);
    }
  };
  const clients = kind === "none" ? 0 : Number(values.clients);
  const windowMs = Number(values.seconds) * 1_000;
  const running = load.run({
    workload: "plain",
    port: started.ingressPort,
    clients: smallClients,
    extent: { kind: "window", warmupMs: 1_500, windowMs },
    requestTimeoutMs: 60_000,
    pids: { server: started.server.pid, services: largeServices(started).pid },
  });
  const large = Promise.all(Array.from({ length: clients }, (_, at) => client(`k${at}`)));
  // Either may fail, and is told then.
  const small = await Promise.race([running, large.then(() => running)]);
  stopped = true;
  await large;
  return { small, large: largeMs.length, largeMs };
}

function largeServices({ moreServices: [services] }: StartedSystem): RunningProcess {
  if (services === undefined) throw new Error("the services with large values were not started");
  return services;
}

async function callLarge(port: number, kind: Kind, key: string, bytes: number): Promise<void> {
  switch (kind) {
    case "input":
      return expectBody(await post(port, "/Large/input", jsonText(bytes)), String(bytes));
    case "output": {
      const { length } = await post(port, "/Large/output", String(bytes));
      if (length !== bytes + 2) throw new Error(`an output of ${String(length)} bytes`);
      return;
    }
    case "step":
      return expectBody(await post(port, "/Large/step", String(bytes)), String(bytes));
    case "state":
      await post(port, `/LargeObject/${key}/set`, String(bytes));
      return expectBody(await post(port, `/LargeObject/${key}/get`, ""), String(bytes));
  }
}

function jsonText(bytes: number): Buffer {
  let text = texts.get(bytes);
  if (text === undefined) {
    text = Buffer.alloc(bytes + 2, "a");
    text[0] = text[bytes + 1] = 0x22;
    texts.set(bytes, text);
  }
  return text;
}

function expectBody({ text }: { readonly text: string }, expected: string): void {
  if (text !== expected) throw new Error(`answered ${text.slice(0, 200)}, not ${expected}`);
}

interface Answer {
  readonly length: number;
  /** Where it is short. */
  readonly text: string;
}

function post(port: number, path: string, body: Buffer | string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(body.length === 0 ? {} : { "content-type": "application/json" }),
      "content-length": Buffer.byteLength(body),
    };
    const sent = request({ port, path, method: "POST", host: "127.0.0.1", headers }, (response) => {
      let length = 0;
      let text = "";
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (text.length < 1_000) text += chunk.toString("latin1");
      });
      response.on("end", () => {
        if ((response.statusCode ?? 500) < 300) resolve({ length, text });
        else reject(new Error(`${path}: ${String(response.statusCode)} ${text.slice(0, 300)}`));
      });
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function print(kind: string, bytes: number, cell: Cell, started: StartedSystem): void {
  const { small, large, largeMs } = cell;
  const name = kind === "none" ? "none" : `${kind} ${String(bytes / 1e6)} MB`;
  const sorted = [...largeMs].sort((one, other) => one - other);
  const movedMb = (large * bytes) / 1e6;
  const seconds = (small.windowMs + 1_500) / 1_000;
  const perMb = (ms: number): string => (movedMb === 0 ? "-" : (ms / movedMb).toFixed(1));
  const peak = (pid: number): string => peakRssMbOf(pid).toFixed(0);
  console.log(
    [
      name.padEnd(17),
      String(small.completed).padStart(12),
      small.latencyMs.p50.toFixed(1).padStart(6),
      small.latencyMs.p99.toFixed(1).padStart(6),
      small.latencyMs.max.toFixed(1).padStart(6),
      (movedMb / seconds).toFixed(1).padStart(11),
      (sorted[sorted.length >> 1] ?? 0).toFixed(0).padStart(6),
      `${perMb(small.cpuMs.server)} + ${perMb(small.cpuMs.services)}`.padStart(27),
      `${peak(started.server.pid)} + ${peak(largeServices(started).pid)}`,
    ].join(" | "),
  );
  for (const complaint of small.complaints) console.log(`  ${complaint}`);
}

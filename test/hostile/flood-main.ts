// npm run flood -- --connections 100000 [--processes 8]: idle connections from several processes and addresses against a
// server as users start it; what became of them, what the server took, and how a caller fared who had a connection before.

import { rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { cpuSecondsOf, openFilesOf, quantileOf, residentMbOf } from "../faults/soak-samples.js";
import { newDirectory } from "../harness/paths.js";
import { ServerProcess } from "../harness/server-process.js";
import { ServicesProcess } from "../harness/services-process.js";
import { Flood } from "./flood.js";
import { LiveConnection } from "./live-connection.js";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "100000" },
    processes: { type: "string", default: "8" },
  },
});
const [connections = NaN, processes = NaN] = [values.connections, values.processes].map(Number);
if (!(connections > 0 && processes > 0)) {
  throw new Error("--connections and --processes are numbers above 0");
}
const lookEveryMs = 50;
const settledWithinMs = 600_000;

const scratch = newDirectory();
const server = await ServerProcess.create({ dataDir: path.join(scratch, "data"), cwd: scratch });
const services = await ServicesProcess.create();
let flood: Flood | undefined;
try {
  await Promise.all([server.start(), services.start({ modules: ["greeter"] })]);
  await server.register(services.url);
  const { pid } = server.process;
  const live = new LiveConnection(`${server.ingress.url}/restate/call/Greeter/greet`, "Ada");
  const calm = await live.askWhile(lasting(2_000));
  const [memoryBefore, filesBefore] = [residentMbOf(pid), openFilesOf(pid)];
  const cpuBefore = cpuSecondsOf(pid);

  const began = performance.now();
  flood = Flood.begin(Number(new URL(server.ingress.url).port), connections, processes);
  let [isOver, memoryMost, filesMost] = [false, memoryBefore, filesBefore];
  const look = setInterval(() => {
    memoryMost = Math.max(memoryMost, residentMbOf(pid));
    filesMost = Math.max(filesMost, openFilesOf(pid));
  }, lookEveryMs);
  const asking = live.askWhile(() => !isOver);
  const counts = await flood.settled(settledWithinMs).finally(() => (isOver = true));
  const flooded = await asking;
  const seconds = (performance.now() - began) / 1_000;
  const serverCpuSeconds = cpuSecondsOf(pid) - cpuBefore;
  const held = await live.askWhile(lasting(2_000));
  clearInterval(look);
  const open = flood.counts().open;
  await flood.end();
  const afterwards = await live.askWhile(lasting(2_000));
  live.close();

  console.log(
    JSON.stringify(
      {
        connections,
        seconds: round(seconds),
        ...counts,
        open,
        serverCpuSeconds: round(serverCpuSeconds),
        serverMb: {
          before: round(memoryBefore),
          most: round(memoryMost),
          after: round(residentMbOf(pid)),
        },
        serverFiles: { before: filesBefore, most: filesMost },
        callMs: {
          before: latencyOf(calm),
          while: latencyOf(flooded),
          held: latencyOf(held),
          afterwards: latencyOf(afterwards),
        },
      },
      undefined,
      2,
    ),
  );
} finally {
  await flood?.end();
  await Promise.all([server.kill(), services.kill()]);
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
}

function lasting(ms: number): () => boolean {
  const until = performance.now() + ms;
  return () => performance.now() < until;
}

function latencyOf(took: readonly number[]): object {
  const [p50, p99, most] = [0.5, 0.99, 1].map((one) => round(quantileOf(took, one)));
  return { calls: took.length, p50, p99, most };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

// Connections in numbers that no honest caller needs, against a server as users start it: it lives, tells those that are too
// many, goes on with what it has accepted, and serves again as soon as they have gone.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { workersOfServers, type ServerProcess } from "../harness/server-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after each");
const hasPrlimit = spawnSync("prlimit", ["--version"]).status === 0;
/** Before the server closes all that say nothing, after ten seconds. */
const soon = { timeout: 8_000 };
let sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
});

interface Flood {
  /** Connections that are open now. One that is refused is closed from the other side, as soon as that has time for it. */
  open(): number;
  /** What all of them were told. */
  told(): string;
}

/** Opens idle connections. */
async function flood(server: ServerProcess, count: number): Promise<Flood> {
  const port = Number(new URL(server.ingress.url).port);
  let open = 0;
  let told = "";
  const settled = Array.from({ length: count }, () => {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    let isOpen = false;
    return new Promise<void>((resolve) => {
      socket.on("connect", () => {
        isOpen = true;
        open++;
        resolve();
      });
      socket.on("data", (chunk) => (told += chunk.toString()));
      socket.on("end", () => socket.destroy());
      socket.on("error", () => undefined);
      socket.on("close", () => {
        if (isOpen) open--;
        resolve();
      });
    });
  });
  await Promise.all(settled);
  return { open: () => open, told: () => told };
}

function limited(files: number): readonly string[] {
  return ["sh", "-c", `ulimit -n ${String(files)} && exec "$@"`, "sh"];
}

/** A process may open so many files more, and no others. */
function leaveFiles(pid: number, more: number): void {
  const files = readdirSync(`/proc/${String(pid)}/fd`).length + more;
  spawnSync("prlimit", ["--pid", String(pid), `--nofile=${String(files)}:${String(files)}`]);
}

test("three thousand idle connections: a tenth is let in, the others are told; a call that waits gets its answer, and new ones are served afterwards", async () => {
  const gates = await bed.openGates();
  const { server } = await bed.serve(
    { modules: ["greeter"], env: { PERDURE_TEST_GATES: gates.url } },
    { flags: { "ingress-connections-max": "300" } },
  );
  gates.shut("busy");
  const waiting = server.ingress.post("/restate/call/Greeter/once", "busy");
  await gates.reached("busy");

  const idle = await flood(server, 3_000);
  await expect.poll(idle.open, soon).toBeLessThan(300);
  expect(idle.told()).toContain("PDR3044");
  gates.open("busy");
  expect((await waiting).status).toBe(200);

  for (const socket of sockets) socket.destroy();
  await until("there is room again", async () => {
    const { status } = await server.ingress.post("/restate/call/Greeter/greet", "Ada");
    return status === 200;
  });
  expect(server.process.exit).toBeUndefined();
});

test("a process that may open few files takes fewer connections than asked for, says so, and stores what it is given", async () => {
  const server = await bed.startServer({ wrapper: limited(256) });
  const services = await bed.startServices({ modules: ["greeter"] });
  await server.register(services.url);
  // Each worker is such a process.
  const taken = 51 * workersOfServers;
  expect(server.process.output).toMatch(
    new RegExp(`ulimit -n.*the ingress takes ${String(taken)}$`, "m"),
  );

  const idle = await flood(server, 500);
  await expect.poll(idle.open, soon).toBeLessThanOrEqual(taken);
  for (const socket of sockets) socket.destroy();
  await until("there is room again", async () => {
    const { status } = await server.ingress.post("/restate/call/Greeter/greet", "Ada");
    return status === 200;
  });
  expect(server.process.exit).toBeUndefined();
});

test.skipIf(!hasPrlimit)(
  "a process that runs out of file descriptors all the same lives, and accepts again when there are some",
  async () => {
    const server = await bed.startServer();
    const services = await bed.startServices({ modules: ["greeter"] });
    await server.register(services.url);
    expect((await server.ingress.post("/restate/call/Greeter/greet", "Ada")).status).toBe(200);
    // Behind its back: it has counted on far more.
    for (const pid of [server.process.pid, ...server.workerPids]) leaveFiles(pid, 6);

    for (let round = 0; round < 2; round++) {
      const idle = await flood(server, 200);
      await expect.poll(idle.open, soon).toBeLessThan(10 * workersOfServers);
      for (const socket of sockets.splice(0)) socket.destroy();
      await until(`it serves after round ${String(round)}`, async () => {
        const { status } = await server.ingress.post("/restate/call/Greeter/greet", "Ada");
        return status === 200;
      });
    }
    expect(server.process.exit).toBeUndefined();
  },
);

// A disk that is full, for real: the server's data directory is a small file system of its own, in a mount
// namespace that ends with the process. New work is refused, nothing that was accepted is lost, and work
// goes on as soon as there is room.

import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after all");
const diskBytes = 96 * 1024 * 1024;
let server: ServerProcess;
/** The small disk, as this process can reach it. */
let disk = "";

beforeAll(async () => {
  const mountPoint = bed.directory();
  const isRoot = process.getuid?.() === 0;
  // Whoever is not root may still mount in a user namespace of his own.
  const unshare = ["unshare", isRoot ? "-m" : "-rm"];
  const mount = `mount -t tmpfs -o size=${diskBytes} perdure-test "${mountPoint}" && exec "$@"`;
  const [started, services] = await Promise.all([
    bed.startServer({
      dataDir: path.join(mountPoint, "data"),
      wrapper: [...unshare, "sh", "-c", mount, "sh"],
    }),
    bed.startServices({ modules: ["greeter"] }),
  ]);
  server = started;
  disk = `/proc/${server.process.pid}/root${mountPoint}`;
  await server.register(services.url);
});

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
}

/** Takes all that is free. */
function fill(): string {
  const file = path.join(disk, "filler");
  const descriptor = openSync(file, "a");
  try {
    for (const bytes of [1024 * 1024, 4096]) {
      const zeros = Buffer.alloc(bytes);
      try {
        for (;;) if (writeSync(descriptor, zeros) < bytes) break;
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
      }
    }
  } finally {
    closeSync(descriptor);
  }
  return file;
}

describe("a full disk", () => {
  test("refuses new work with its code, loses nothing, and recovers when there is room", async () => {
    const { ingress } = server;
    await ingress.post("/restate/call/Counter/c/add", 1);
    const waiting = await ingress.post("/restate/send/Signup/full/run", { name: "Ada" });
    // The log has a segment and a spare by now: they are used up before the disk is missed.
    await until("the spare segment is there", () => freeBytes() < diskBytes - 17 * 1024 * 1024);
    const filler = fill();
    const mebibyte = new Uint8Array(1024 * 1024);
    const accepted: string[] = [];
    let lastCount = 1;
    const refused = await until("new work is refused", async () => {
      const { status, json } = await Promise.race([
        ingress.send("/restate/send/Greeter/echo", {
          body: mebibyte,
          headers: { "content-type": "application/octet-stream" },
        }),
        // What was taken in before the disk was found full waits for room.
        new Promise<{ status: number; json?: any }>((resolve) =>
          setTimeout(() => resolve({ status: 0 }), 1_000),
        ),
      ]);
      if (status === 202) accepted.push(json.invocationId);
      return status === 503 ? json : undefined;
    });
    const health = await ingress.get("/health");

    rmSync(filler);
    const counted = await until("work is taken again", async () => {
      const answer = await ingress.post("/restate/call/Counter/c/add", 1);
      return answer.status === 200 ? ((lastCount += 1), answer) : undefined;
    });
    await ingress.post("/restate/call/Signup/full/verify", "s");
    const workflow = await ingress.get(`/restate/attach/${waiting.json.invocationId}`);
    const results = await Promise.all(accepted.map((id) => ingress.get(`/restate/attach/${id}`)));

    expect(refused).toMatchObject({ code: 503, source: "ingress", errorCode: "PDR1105" });
    expect(refused.message).toMatch(/disk/);
    expect(health.status).toBe(200);
    expect(accepted.length).toBeGreaterThan(3);
    expect(counted.json).toBe(lastCount);
    expect(workflow.json).toEqual({ name: "Ada", key: "full", secret: "s" });
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([200]));
    expect(server.process.exit).toBeUndefined();
  });

  test("during a checkpoint stops nothing that was accepted", async () => {
    // Filled while much is in memory and none of it in the tables; asked to end, the server writes them.
    const { ingress } = server;
    const before = await ingress.post("/restate/call/Counter/c/get");
    const filler = fill();
    const exit = server.terminate();
    rmSync(filler);

    expect(before.status).toBe(200);
    expect(await exit).toMatchObject({ code: 0 });
  });
});

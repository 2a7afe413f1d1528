// A server that is started with another number of workers than before: all that it had goes on.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { NodeProcess } from "../harness/node-process.js";
import type { ServerProcess } from "../harness/server-process.js";
import { canMount, onSmallDisk, SmallDisk } from "../harness/small-disk.js";
import { until } from "../harness/until.js";

const bed = useBed("after each");
const flags = { "inactivity-timeout": "100ms" };
/** So many that each worker has some. */
const keys = [...Array(12).keys()].map((number) => `key-${String(number)}`);
const napMs = 20_000;

let gates: Gates;
let server: ServerProcess;

beforeEach(async () => {
  gates = await bed.openGates();
});

async function startServer(options: Parameters<typeof bed.startServer>[0] = {}): Promise<void> {
  const services = {
    modules: ["greeter", "peers", "queue", "timing"],
    env: { PERDURE_TEST_GATES: gates.url },
  };
  ({ server } = await bed.serve(services, { flags, ...options }));
}

function format(): unknown {
  return JSON.parse(readFileSync(path.join(server.dataDir, "format.json"), "utf8"));
}

const call = async (target: string, input?: unknown, headers = {}): Promise<any> => {
  const { status, json, text } = await server.ingress.post(`/restate/call/${target}`, input, {
    headers,
  });
  expect(status, text).toBe(200);
  return json;
};

const send = async (target: string, input?: unknown): Promise<string> => {
  const { json, text } = await server.ingress.post(`/restate/send/${target}`, input);
  expect(json, text).toHaveProperty("invocationId");
  return json.invocationId as string;
};

const attach = async (id: string): Promise<any> => {
  const { json, status, text } = await server.ingress.get(`/restate/attach/${id}`);
  expect(status, text).toBe(200);
  return json;
};

const once = (key: string): Promise<any> => {
  return call("Greeter/once", `once ${key}`, { "idempotency-key": key });
};

/** Something of every kind that outlives a server, for each key. */
async function begin(): Promise<{
  readonly check: () => Promise<void>;
  readonly end: () => Promise<void>;
}> {
  const asked = Date.now();
  const workflows = await Promise.all(keys.map((key) => send(`Signup/${key}/run`, { name: key })));
  const sleepers = await Promise.all(keys.map(() => send("Timing/nap", napMs)));
  const signalled = await Promise.all(keys.map(() => send("Signalled/one", "go")));
  // Each waits for an invocation of another partition.
  const waiting = await Promise.all(signalled.map((id) => send("Peer/attach", id)));
  const delayed = await Promise.all(
    keys.map((key) => send(`Counter/late-${key}/add?delay=${String(napMs)}ms`, 5)),
  );
  for (const key of keys) gates.shut(`${key}/first`);
  const first = await Promise.all(keys.map((key) => send(`Desk/${key}/serve`, "first")));
  await Promise.all(keys.map((key) => gates.reached(`${key}/first`)));
  const second = await Promise.all(keys.map((key) => send(`Desk/${key}/serve`, "second")));
  const kept = await Promise.all(keys.map(once));
  let added = 0;

  return {
    check: async () => {
      added++;
      expect(await Promise.all(keys.map(once))).toEqual(kept);
      const counts = await Promise.all(keys.map((key) => call(`Counter/${key}/add`, 1)));
      expect(counts).toEqual(keys.map(() => added));
      // A workflow runs once for each key.
      const again = await Promise.all(
        keys.map((key) => server.ingress.post(`/restate/send/Signup/${key}/run`, { name: "x" })),
      );
      expect(again.map(({ json }) => json.invocationId as unknown)).toEqual(workflows);
    },
    end: async () => {
      for (const key of keys) gates.open(`${key}/first`);
      await Promise.all(keys.map((key) => call(`Signup/${key}/verify`, `for ${key}`)));
      await Promise.all(
        signalled.map((id) => call("Peer/resolve", { id, name: "go", value: `to ${id}` })),
      );

      expect(await Promise.all(workflows.map(attach))).toEqual(
        keys.map((key) => ({ name: key, key, secret: `for ${key}` })),
      );
      expect(await Promise.all(waiting.map(attach))).toEqual(signalled.map((id) => `to ${id}`));
      expect(await Promise.all(first.map(attach))).toEqual(keys.map(() => ["first"]));
      expect(await Promise.all(second.map(attach))).toEqual(keys.map(() => ["first", "second"]));
      const woken: number[] = await Promise.all(sleepers.map(attach));
      expect(Math.min(...woken)).toBeGreaterThanOrEqual(asked + napMs);
      expect(await Promise.all(delayed.map(attach))).toEqual(keys.map(() => 5));
      for (const key of keys) expect(gates.count(`once ${key}`)).toBe(1);
    },
  };
}

describe("a server that is started with another number of workers", () => {
  test("has all that it had, in every direction, and ends what was under way", async () => {
    await startServer();
    const work = await begin();
    await work.check();
    const moves = [
      { from: "1 to 2 workers", workers: 2, stop: () => server.terminate() },
      { from: "2 to 3 workers", workers: 3, stop: () => server.kill() },
      { from: "3 to 1 worker", workers: 1, stop: () => server.kill() },
    ];

    for (const { from, workers, stop } of moves) {
      await stop();
      await server.start({ workers: String(workers) });

      expect(server.process.output).toMatch(
        new RegExp(`moved 64 partitions from ${from}: \\d+ rows, \\d+ bytes, [\\d.]+ s`),
      );
      expect(readdirSync(path.join(server.dataDir, "shards"))).toHaveLength(workers);
      await work.check();
    }
    await work.end();

    expect(format()).toEqual({ format: 1, partitions: 64 });
    expect(readdirSync(server.dataDir).sort()).toEqual(["format.json", "lock", "shards"]);
  });

  test("stays with it where nobody says how many", async () => {
    await startServer();
    await call("Counter/c/add", 1);
    await server.terminate();
    await server.start({ workers: "4" });
    await server.terminate();

    await server.start();

    expect(await call("Counter/c/get")).toBe(1);
    expect(server.process.output).not.toContain("moved");
    expect(format()).toEqual({ format: 2, partitions: 64, shards: 4 });
  });

  test("refuses more workers than there are partitions, and changes nothing", async () => {
    await startServer({ flags: { ...flags, partitions: "2" } });
    await call("Counter/c/add", 1);
    await server.terminate();

    const refused = server.spawn({ workers: "3" });

    expect((await refused.waitForExit()).code).toBe(1);
    expect(refused.output).toMatch(/PDR1005: 3 workers can't share 2 partitions/);
    await server.start();
    expect(await call("Counter/c/get")).toBe(1);
  });
});

describe.skipIf(!canMount())("a disk without room for a move", () => {
  const diskBytes = 200 * 1024 * 1024;
  const value = "x".repeat(2 * 1024 * 1024);
  let disk: SmallDisk;
  let dataDir: string;

  /** A server on it, with some megabytes in its tables, that was stopped. */
  async function startOnSmallDisk(): Promise<void> {
    const mountPoint = bed.directory();
    // It keeps the disk, while servers on it come and go.
    const holder = bed.startProcess({
      name: "holder of the disk",
      args: ["--eval", "console.log('there'); setInterval(() => undefined, 1000)"],
      cwd: bed.directory(),
      wrapper: onSmallDisk(mountPoint, diskBytes),
    });
    await holder.waitForOutput(/there/);
    const wrapper = ["nsenter", "-m", "-t", String(holder.pid)];
    await startServer({ dataDir: path.join(mountPoint, "data"), wrapper });
    disk = new SmallDisk(holder.pid, mountPoint);
    dataDir = `/proc/${String(holder.pid)}/root${mountPoint}/data`;
    for (const key of keys) {
      await call("Greeter/nothing", value, { "idempotency-key": key });
      await call(`Counter/${key}/add`, 1);
    }
    await server.terminate();
  }

  async function expectAllThere(): Promise<void> {
    const counts = await Promise.all(keys.map((key) => call(`Counter/${key}/get`)));
    expect(counts).toEqual(keys.map(() => 1));
  }

  test("keeps the server from starting with others, and lets it start with as many as before", async () => {
    await startOnSmallDisk();
    disk.fill();

    const refused = server.spawn({ workers: "2" });

    expect((await refused.waitForExit()).code).toBe(1);
    expect(refused.output).toMatch(
      /PDR1007: there is no room .+ takes up to [\d.]+ MiB, and [\d.]+ MiB are free. .*--workers 1/,
    );
    expect(readdirSync(dataDir)).not.toContain("shards.next");
    expect(readdirSync(path.join(dataDir, "shards"))).toEqual(["0"]);
    disk.makeRoom();
    await server.start({ workers: "2" });
    expect(readdirSync(path.join(dataDir, "shards"))).toEqual(["0", "1"]);
    await expectAllThere();
  });

  test("that ran out of it in the middle leaves the old shards, without what was begun", async () => {
    await startOnSmallDisk();
    const moveOnto = async (): Promise<NodeProcess> => {
      const moving = server.spawn({ workers: "2" });
      await until("the move writes", () =>
        existsSync(path.join(dataDir, "shards.next", "0", "store")),
      );
      disk.fill();
      expect((await moving.waitForExit()).code).toBe(1);
      return moving;
    };
    let moving = await moveOnto();
    // It may be through before the disk is full: then back, and once more.
    while (moving.output.includes("INFO moved")) {
      disk.makeRoom();
      await server.start({ workers: "1" });
      await server.terminate();
      moving = await moveOnto();
    }

    expect(moving.output).toContain("PDR1007");
    expect(readdirSync(dataDir)).not.toContain("shards.next");
    disk.makeRoom();
    await server.start();
    expect(readdirSync(path.join(dataDir, "shards"))).toEqual(["0"]);
    await expectAllThere();
  });
});

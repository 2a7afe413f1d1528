// A server whose partitions are shared out among processes: to callers and operators it is one.

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Ingress } from "@perdure/proto/ingress/v1/ingress";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const flags = { workers: "3", "inactivity-timeout": "100ms" };
/** So many that each worker has some. */
const keys = [...Array(12).keys()].map((number) => `key-${String(number)}`);

const shared = useBed("after all");
const bed = useBed("after each");
let gates: Gates;
let services: ServicesProcess;
let server: ServerProcess;

beforeAll(async () => {
  gates = await shared.openGates();
  ({ server, services } = await shared.serve(
    {
      modules: ["greeter", "watched", "peers"],
      env: { PERDURE_TEST_GATES: gates.url },
    },
    { flags },
  ));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function sent(path: string, input: unknown): Promise<string> {
  const { status, json } = await server.ingress.post(`/restate/send/${path}`, input);
  expect(status).toBe(202);
  return (json as { invocationId: string }).invocationId;
}

const kill = (id: string) => server.admin.send(`/invocations/${id}/kill`, { method: "PATCH" });

describe("a server of several workers", () => {
  test("runs each key in one place, whoever takes the request", async () => {
    for (const by of [1, 2, 3]) {
      await Promise.all(
        keys.map((key) => server.ingress.post(`/restate/call/Counter/${key}/add`, by)),
      );
    }

    const counts = await Promise.all(
      keys.map((key) => server.ingress.post(`/restate/call/Counter/${key}/get`)),
    );

    expect(counts.map(({ json }) => json as unknown)).toEqual(keys.map(() => 6));
  });

  test("takes a call for the same as an earlier one, whoever took that", async () => {
    const once = (key: string) => {
      const headers = { "idempotency-key": key };
      return server.ingress.post("/restate/call/Greeter/once", `once ${key}`, { headers });
    };

    const first = await Promise.all(keys.map(once));
    const again = await Promise.all(keys.map(once));

    expect(first.map(({ status }) => status)).toEqual(keys.map(() => 200));
    expect(again.map(({ text }) => text)).toEqual(first.map(({ text }) => text));
    for (const key of keys) expect(gates.count(`once ${key}`)).toBe(1);
  });

  test("lets invocations reach one another: signals, results, cancellation", async () => {
    const ids = await Promise.all(keys.map(() => sent("Signalled/one", "go")));
    const attached = ids.map((id) => server.ingress.post("/restate/call/Peer/attach", id));

    await Promise.all(
      ids.map((id) => {
        const signal = { id, name: "go", value: `to ${id}` };
        return server.ingress.post("/restate/call/Peer/resolve", signal);
      }),
    );

    const results = await Promise.all(attached);
    expect(results.map(({ json }) => json as unknown)).toEqual(ids.map((id) => `to ${id}`));
  });

  test("tells watchers what happens with another worker", async () => {
    const client = createClient(Ingress, createGrpcTransport({ baseUrl: server.ingress.url }));
    const watched = keys.map(async (key) => {
      await server.ingress.post(`/restate/send/Watched/${key}/run`, false);
      const target = { case: "workflow" as const, value: { workflow: "Watched", key } };
      const seen: (string | undefined)[] = [];
      for await (const { event } of client.watch({ invocation: { target } })) {
        seen.push(event.case);
        if (event.case === "accepted") {
          await server.ingress.post(`/restate/call/Watched/${key}/say`, "word");
        }
      }
      return seen;
    });

    for (const seen of await Promise.all(watched)) {
      expect(seen[0]).toBe("accepted");
      expect(seen.at(-1)).toBe("completed");
    }
  });

  test("has operators deal with all invocations and all state at one port", async () => {
    const ids = await Promise.all(keys.map(() => sent("Signalled/one", "never")));
    const state = keys.map((key) => ({
      object_key: key,
      new_state: { count: [...Buffer.from(JSON.stringify(`set for ${key}`))] },
    }));

    const shown = await Promise.all(ids.map((id) => server.admin.get(`/invocations/${id}`)));
    const killed = await Promise.all(ids.map((id) => kill(id)));
    for (const patch of state) await server.admin.post("/services/Counter/state", patch);

    expect(shown.map(({ json }) => (json as { id: string }).id)).toEqual(ids);
    expect(killed.map(({ status }) => status)).toEqual(ids.map(() => 200));
    for (const key of keys) {
      const { json } = await server.ingress.post(`/restate/call/Counter/${key}/get`);
      expect(json).toBe(`set for ${key}`);
    }
  });

  test("counts what belongs to a deployment over all workers", async () => {
    const ids = await Promise.all(keys.map((key) => sent(`Watched/pinned-${key}/run`, false)));
    const pinned = async (): Promise<number> => {
      const { json } = await server.admin.get("/deployments?include=status");
      const [only] = (json as { deployments: { pinned_invocations: number }[] }).deployments;
      return only?.pinned_invocations ?? 0;
    };

    await until("all are counted", async () => (await pinned()) === ids.length);

    await Promise.all(ids.map((id) => kill(id)));
    await until("none is counted", async () => (await pinned()) === 0);
  });
});

describe("the processes of a server of several workers", () => {
  /** With work under way on each of them. */
  async function startBusy(): Promise<{ busy: ServerProcess; ids: string[] }> {
    const busy = await bed.startServer({ flags });
    await busy.register(services.url);
    const ids = await Promise.all(
      keys.map(async () => {
        const { json } = await busy.ingress.post("/restate/send/Signalled/one", "go");
        return (json as { invocationId: string }).invocationId;
      }),
    );
    return { busy, ids };
  }

  async function finish(busy: ServerProcess, ids: readonly string[]): Promise<void> {
    const results = ids.map(async (id) => {
      const signal = { id, name: "go", value: id };
      await busy.ingress.post("/restate/call/Peer/resolve", signal);
      return (await busy.ingress.post("/restate/call/Peer/attach", id)).json as unknown;
    });
    expect(await Promise.all(results)).toEqual(ids);
  }

  test("end with it, in good order", async () => {
    const { busy, ids } = await startBusy();
    const workers = busy.workerPids;
    expect(workers).toHaveLength(2);

    expect(await busy.terminate()).toEqual({ code: 0, signal: null });

    expect(workers.filter(isAlive)).toEqual([]);
    await busy.start();
    await finish(busy, ids);
  });

  test("end with it when it is killed, and nothing is lost", async () => {
    const { busy, ids } = await startBusy();
    const workers = busy.workerPids;

    await busy.kill();

    await until("all are gone", () => !workers.some(isAlive));
    await busy.start();
    await finish(busy, ids);
  });

  test("leave no place where they met behind, however often they were killed", async () => {
    const temporary = bed.directory();
    const killed = await bed.startServer({ flags, env: { TMPDIR: temporary } });
    const before = readdirSync(temporary);

    await killed.kill();
    await killed.start();

    const after = readdirSync(temporary);
    expect([before.length, after.length]).toEqual([1, 1]);
    expect(after).not.toEqual(before);
    await killed.terminate();
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("take it along when one of them is killed, with a reason, and nothing is lost", async () => {
    const { busy, ids } = await startBusy();
    const [first = 0, second = 0] = busy.workerPids;

    process.kill(second, "SIGKILL");

    expect(await busy.process.waitForExit()).toEqual({ code: 1, signal: null });
    expect(busy.process.output).toMatch(/PDR1304: worker \d has ended \(SIGKILL\)/);
    expect(isAlive(first)).toBe(false);
    await busy.start();
    await finish(busy, ids);
  });

  test("keep it from starting when one of them can't, and it says why", async () => {
    const dataDir = `${bed.directory()}/data`;
    mkdirSync(`${dataDir}/shards/2/lock`, { recursive: true });
    writeFileSync(
      `${dataDir}/format.json`,
      JSON.stringify({ format: 2, partitions: 64, shards: 3 }),
    );
    const refused = (await bed.newServer({ dataDir, flags: { workers: "3" } })).spawn();

    expect((await refused.waitForExit()).code).toBe(1);

    expect(refused.output).toMatch(/^perdure: PDR1001: the data directory .+shards\/2 can't be/);
  });

  test("know what was registered before, and are as many as there were where nobody says how many", async () => {
    const { busy, ids } = await startBusy();
    await busy.terminate();

    await busy.start({ workers: "auto" });

    expect(busy.workerPids).toHaveLength(2);
    await finish(busy, ids);
  });
});

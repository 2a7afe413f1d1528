// What operators do with deployments, rules and state while invocations are under way, over the admin port and with
// the command.

import { beforeEach, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import { perdureBin } from "../harness/paths.js";
import type { Answer } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after each");
let server: ServerProcess;
let gates: Gates;

beforeEach(async () => {
  [server, gates] = await Promise.all([bed.startServer(), bed.openGates()]);
});

function services(module: string, version = "first"): Promise<ServicesProcess> {
  const env = { PERDURE_TEST_GATES: gates.url, PERDURE_TEST_VERSION: version };
  return bed.startServices({ modules: [module], env });
}

function ask(method: string, path: string, json?: unknown): Promise<Answer> {
  return server.admin.send(path, json === undefined ? { method } : { method, json });
}

async function sent(path: string, body?: unknown): Promise<string> {
  const { status, text, json } = await server.ingress.post(`/restate/${path}`, body);
  expect(status, text).toBe(202);
  return json.invocationId;
}

async function detailOf(id: string): Promise<any> {
  return (await server.admin.get(`/invocations/${id}`)).json;
}

async function resultOf(id: string): Promise<Answer> {
  return server.ingress.get(`/restate/attach/${id}`);
}

/** One that has made progress on the only deployment, and is held at the gate `hold`. */
async function held(): Promise<string> {
  gates.shut("hold");
  const id = await sent("send/Versioned/throughout", "hold");
  await gates.reached("hold");
  await until("it is pinned", async () => (await detailOf(id)).pinned_deployment_id);
  return id;
}

describe("a deployment", () => {
  test("that drains is not removed before it is drained", async () => {
    const { id } = await server.register((await services("versioned")).url);
    const invocation = await held();
    const newer = await server.register((await services("versioned", "second")).url);

    const draining = await listed();
    const refused = await ask("DELETE", `/deployments/${id}`);
    gates.open("hold");
    await resultOf(invocation);
    const drained = await listed();
    const removed = await ask("DELETE", `/deployments/${id}`);

    expect(draining).toEqual([
      [id, "draining", 1],
      [newer.id, "active", 0],
    ]);
    expect(refused).toMatchObject({ status: 409, json: { errorCode: "PDR4210" } });
    expect(refused.json.message).toContain("1 unfinished");
    expect(drained[0]).toEqual([id, "drained", 0]);
    expect(removed.status).toBe(202);
  });

  async function listed(): Promise<unknown[]> {
    const { json } = await server.admin.get("/deployments?include=status");
    return json.deployments.map((one: any) => [one.id, one.status, one.pinned_invocations]);
  }

  test("that moves takes its unfinished work along", async () => {
    const first = await services("versioned");
    const { id } = await server.register(first.url);
    const invocation = await held();
    const moved = await services("versioned", "moved");
    await first.kill();

    const answer = await ask("PATCH", `/deployments/${id}`, { uri: moved.url });
    gates.open("hold");

    expect(answer).toMatchObject({ status: 200, json: { id, uri: `${moved.url}/` } });
    expect((await resultOf(invocation)).json).toEqual(["first", "moved"]);
  });

  test("that is removed by force leaves its work behind, to be resumed on another one", async () => {
    const first = await services("versioned");
    const { id } = await server.register(first.url);
    const invocation = await held();
    const newer = await server.register((await services("versioned", "second")).url);
    await first.kill();

    const removed = await ask("DELETE", `/deployments/${id}?force=true`);
    const left = await until("it rests", async () => {
      const detail = await detailOf(invocation);
      return detail.status === "paused" && detail;
    });
    const resumed = await until("its last attempt is over", async () => {
      const answer = await ask("PATCH", `/invocations/${invocation}/resume?deployment=latest`);
      return answer.status === 200 && answer;
    });
    gates.open("hold");
    const result = await resultOf(invocation);

    expect(removed.status).toBe(202);
    expect(left).toMatchObject({
      pinned_deployment_id: id,
      last_failure: {
        error_code: "PDR2019",
        message: expect.stringContaining("resume it with another deployment"),
      },
    });
    expect(resumed.status).toBe(200);
    expect(result.json).toEqual(["first", "second"]);
    expect((await detailOf(invocation)).pinned_deployment_id).toBe(newer.id);
  });

  test("hands over an invocation that is resumed on another one, but not while it computes", async () => {
    await server.register((await services("versioned")).url);
    const invocation = await held();
    const newer = await server.register((await services("versioned", "second")).url);
    const resume = (): Promise<Answer> =>
      ask("PATCH", `/invocations/${invocation}/resume?deployment=latest`);

    const running = await resume();
    await ask("PATCH", `/invocations/${invocation}/pause`);
    const paused = await resume();
    gates.open("hold");
    const result = await resultOf(invocation);

    expect(running).toMatchObject({ status: 409, json: { errorCode: "PDR4019" } });
    expect(paused.status).toBe(200);
    expect(result.json).toEqual(["first", "second"]);
    expect((await detailOf(invocation)).pinned_deployment_id).toBe(newer.id);
  });
});

describe("an invocation that has ended", () => {
  // The field's RestartAsNewInvocationTest, both parts.
  test("is restarted on the newest code, with or without what the old code has recorded", async () => {
    await server.register((await services("versioned")).url);
    const old = await sent("send/Versioned/throughout", "open");
    await resultOf(old);
    await server.register((await services("versioned", "second")).url);
    const restarted = async (query: string): Promise<unknown> => {
      const { json } = await ask("PATCH", `/invocations/${old}/restart-as-new?${query}`);
      return (await resultOf(json.new_invocation_id)).json;
    };

    const results = [
      await restarted(""),
      await restarted("from=1"),
      await restarted("deployment=keep"),
    ];

    expect(results).toEqual([
      ["second", "second"],
      ["first", "second"],
      ["first", "first"],
    ]);
    expect((await resultOf(old)).json).toEqual(["first", "first"]);
  });
});

describe("a rule", () => {
  // The field's ConcurrencyLimitTest.
  test("lets two of four run in its scope; one that ends lets the next in", async () => {
    await server.register((await services("lives")).url);
    await ask("PUT", "/limits/rules", [{ pattern: "shop", limits: { concurrency: 2 } }]);
    const keys = ["a", "b", "c", "d"];
    for (const key of keys) gates.shut(key);
    const ids: string[] = [];
    for (const key of keys) ids.push(await sent(`scope/shop/send/Lives/${key}/holds`));
    const elsewhere = await sent("scope/other/send/Lives/free/holds");
    const statuses = (): Promise<string[]> =>
      Promise.all(ids.map(async (id) => (await detailOf(id)).status));
    await Promise.all([gates.reached("a"), gates.reached("b"), resultOf(elsewhere)]);

    const full = await statuses();
    gates.open("a");
    await gates.reached("c");
    const next = await statuses();
    for (const key of keys) gates.open(key);
    await Promise.all(ids.map(resultOf));

    expect(full).toEqual(["running", "running", "pending", "pending"]);
    expect(next).toEqual(["completed", "running", "running", "pending"]);
    expect(await statuses()).toEqual(Array(4).fill("completed"));
  });

  test("that is lifted lets go of what waits", async () => {
    await server.register((await services("lives")).url);
    await ask("PUT", "/limits/rules", [{ pattern: "*", limits: { concurrency: 1 } }]);
    gates.shut("one");
    await sent("scope/shop/send/Lives/one/holds");
    await gates.reached("one");
    const second = await sent("scope/shop/send/Lives/two/holds");
    const waiting = (await detailOf(second)).status;

    const lifted = await ask("POST", "/limits/rules/bulk-delete", [{ pattern: "*" }]);

    expect(waiting).toBe("pending");
    expect(lifted.json).toEqual(["*"]);
    expect((await resultOf(second)).json).toBe("passed");
  });
});

describe("the command", () => {
  async function perdure(...args: string[]): Promise<{ code: number | null; output: string }> {
    const process = bed.startProcess({
      name: `perdure ${args.join(" ")}`,
      args: [perdureBin, ...args, "--admin-url", server.admin.url],
      cwd: bed.directory(),
    });
    const { code } = await process.waitForExit();
    return { code, output: process.output };
  }

  test("registers, cancels, restarts and purges", async () => {
    const { url } = await services("lives");
    const registered = await perdure("deployments", "register", url, "--strict");
    const suspended = await sent("send/Lives/s/suspends");
    await until("it waits", async () => (await detailOf(suspended)).status === "suspended");

    const cancelled = await perdure("invocations", "cancel", suspended);
    await resultOf(suspended);
    const again = await perdure("invocations", "cancel", suspended);
    const restarted = await perdure("invocations", "restart", suspended);
    const described = await perdure("invocations", "describe", suspended);
    const purged = await perdure("invocations", "purge", suspended);

    expect(registered).toMatchObject({ code: 0, output: expect.stringContaining("Lives") });
    expect(cancelled).toMatchObject({ code: 0, output: expect.stringContaining(suspended) });
    expect(again).toMatchObject({ code: 1, output: expect.stringContaining("has completed") });
    expect(restarted).toMatchObject({ code: 0, output: expect.stringMatching(/inv_1.*inv_1/s) });
    expect(described.output).toMatch(/completion result +failure/);
    expect(purged.code).toBe(0);
    expect((await ask("GET", `/invocations/${suspended}`)).status).toBe(404);
  });

  test("replaces state behind what runs on the key", async () => {
    await server.register((await services("lives")).url);
    gates.shut("busy");
    const holding = await sent("send/Lives/busy/holds");
    await gates.reached("busy");

    const set = await perdure("state", "set", "Lives", "busy", '{"count":3}');
    const before = await perdure("state", "get", "Lives", "busy");
    gates.open("busy");
    await resultOf(holding);
    const after = await perdure("state", "get", "Lives", "busy");

    expect(set.code).toBe(0);
    expect(before.output).not.toContain("count");
    expect(after.output).toContain('"count": 3');
  });
});

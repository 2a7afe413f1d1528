// Scopes, limit keys and stages over the JSON routes, against a real server and a real service.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { Answer, Http } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";

const bed = useBed("after all");
let server: ServerProcess;
let ingress: Http;
let gates: Gates;

beforeAll(async () => {
  gates = await bed.openGates();
  const [started, services] = await Promise.all([
    bed.startServer(),
    bed.startServices({
      modules: ["greeter", "queue"],
      env: { PERDURE_TEST_GATES: gates.url },
    }),
  ]);
  server = started;
  await server.register(services.url);
  ingress = server.ingress;
});

const stageOf = async (path: string): Promise<unknown> => (await ingress.get(path)).json;

describe("a scope", () => {
  test("has objects of its own", async () => {
    const sums: unknown[] = [];
    for (const prefix of ["/restate/scope/a", "/restate/scope/b", "/restate"]) {
      const one = await ingress.post(`${prefix}/call/Counter/scoped/add`, 1);
      const two = await ingress.post(`${prefix}/call/Counter/scoped/add`, 2);
      sums.push([one.json, two.json]);
    }

    expect(sums).toEqual([
      [1, 3],
      [1, 3],
      [1, 3],
    ]);
  });

  test("has workflows and idempotency keys of its own, which targets find by the scope", async () => {
    const workflow = { target: "workflow", workflowName: "Signup", workflowKey: "scoped" };
    const idempotent = {
      target: "idempotentInvocation",
      service: "Greeter",
      handler: "greet",
      idempotencyKey: "scoped",
    };
    const inScope = await ingress.post("/restate/scope/a/send/Signup/scoped/run", { name: "Ada" });
    const headers = { "idempotency-key": "scoped" };
    const greeted = await ingress.post("/restate/scope/a/call/Greeter/greet", "Ada", { headers });

    const before = await ingress.post("/restate/status", { ...workflow, scope: "a" });
    const outside = await ingress.post("/restate/status", workflow);
    const verified = await ingress.post("/restate/scope/a/call/Signup/scoped/verify", "s3cret");
    const result = await ingress.post("/restate/attach", { ...workflow, scope: "a" });
    const looked = await ingress.post("/restate/lookup", { ...workflow, scope: "a" });
    const output = await ingress.post("/restate/output", { ...idempotent, scope: "a" });
    const elsewhere = await ingress.post("/restate/output", { ...idempotent, scope: "b" });

    expect(before.json).toEqual({ stage: "started" });
    expect(outside.status).toBe(404);
    expect(verified.status).toBe(200);
    expect(result.json).toEqual({ name: "Ada", key: "scoped", secret: "s3cret" });
    expect(looked.json).toEqual({ invocationId: inScope.json.invocationId });
    expect(output.headers.get("x-restate-id")).toBe(greeted.headers.get("x-restate-id"));
    expect(output.json).toBe("Hi Ada");
    expect(elsewhere.status).toBe(404);
  });

  test("runs as many at once as the rule of a limit key allows", async () => {
    const pattern = "limited/gold";
    const rule = await server.admin.send("/limits/rules", {
      method: "PUT",
      json: [{ pattern, limits: { concurrency: 1 } }],
    });
    gates.shut("desk-1/first");
    const serve = (key: string, visitor: string, limitKey: string): Promise<Answer> =>
      ingress.post(`/restate/scope/limited/send/Desk/${key}/serve`, visitor, {
        headers: { "x-restate-limit-key": limitKey },
      });

    const first = await serve("desk-1", "first", "gold");
    await gates.reached("desk-1/first");
    const second = await serve("desk-2", "second", "gold");
    const other = await serve("desk-3", "other", "silver");
    const ended = await ingress.get(`/restate/attach/${other.json.invocationId}`);
    const waiting = await stageOf(`/restate/status/${second.json.invocationId}`);
    gates.open("desk-1/first");
    const results = await Promise.all(
      [first, second].map(({ json }) => ingress.get(`/restate/attach/${json.invocationId}`)),
    );

    expect(rule.status).toBe(200);
    expect(ended.json).toEqual(["other"]);
    expect(waiting).toEqual({ stage: "created" });
    expect(results.map(({ json }) => json)).toEqual([["first"], ["second"]]);
  });
});

describe("the stage of an invocation", () => {
  test("is created before its time and behind the lock, started while it runs, completed after", async () => {
    gates.shut("stages/one");
    const delayed = await ingress.post("/restate/send/Greeter/greet?delay=1h", "Ada");
    const running = await ingress.post("/restate/send/Desk/stages/serve", "one");
    await gates.reached("stages/one");
    const queued = await ingress.post("/restate/send/Desk/stages/serve", "two");
    const ids = [delayed, running, queued].map(({ json }) => String(json.invocationId));

    const before = await Promise.all(ids.map((id) => ingress.get(`/restate/status/${id}`)));
    gates.open("stages/one");
    await Promise.all(ids.slice(1).map((id) => ingress.get(`/restate/attach/${id}`)));
    const after = await Promise.all(ids.map((id) => stageOf(`/restate/invocation/${id}/status`)));

    expect(before.map(({ json }) => json.stage)).toEqual(["created", "started", "created"]);
    expect(before.map(({ headers }) => headers.get("x-restate-id"))).toEqual(ids);
    expect(after).toEqual([{ stage: "created" }, { stage: "completed" }, { stage: "completed" }]);
  });

  test("has the failure of one that failed", async () => {
    const headers = { "idempotency-key": "refused" };
    await ingress.post("/restate/call/Greeter/refuse", 422, { headers });

    expect(await stageOf("/restate/invocation/Greeter/refuse/refused/status")).toEqual({
      stage: "completed",
      error: { code: 422, message: "no such luck", metadata: { plan: "gold", try: "1" } },
    });
  });
});

test("headers that are the ingress's own do not come from callers", async () => {
  const headers = {
    "x-restate-ingress-path": "/forged",
    "x-restate-id": "forged",
    "x-restateclient-retry-attempt": "2",
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  };

  const { json } = await ingress.get("/restate/call/Greeter/request?a=b", { headers });

  expect(json.headers).toMatchObject({
    "x-restate-ingress-path": "/restate/call/Greeter/request?a=b",
    "x-restateclient-retry-attempt": "2",
    traceparent: headers.traceparent,
  });
  expect(json.headers).not.toHaveProperty("x-restate-id");
});

test("an awakeable id of the older form is taken as one that is gone", async () => {
  const answer = await ingress.post(`/restate/a/prom_1${"aB-_".repeat(9)}AQ/resolve`, 1);

  expect(answer).toMatchObject({ status: 202, text: "" });
});

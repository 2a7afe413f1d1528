// What callers of the field's systems rely on, as a table: each kind of request, with the exact status and body that
// clients are written against. What can go wrong stands in conformance-errors.test.ts; other tests go into the
// corners, these are the contract at a glance.

import { describe, expect, test } from "vitest";
import { awakeableId, useIngress, type Asked } from "./conformance.fixture.js";

const { open, ask } = useIngress();

const isId = /^inv_1[0-9A-Za-z]{33}$/;
const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("paths", () => {
  const call = { path: "", json: 1 };
  const workflow = { target: "workflow", workflowName: "Signup", workflowKey: "u1" };

  test.each<readonly [string, Asked, number]>([
    ["call of a service", { ...call, path: "/restate/call/Greeter/greet" }, 200],
    ["call of a service by GET", { method: "GET", path: "/restate/call/Greeter/greet" }, 200],
    ["call of an object", { ...call, path: "/restate/call/Counter/c/add" }, 200],
    ["call of a workflow", { ...call, path: "/restate/call/Signup/u2/run" }, 200],
    ["call with a slash at the end", { ...call, path: "/restate/call/Greeter/greet/" }, 200],
    ["send to a service", { ...call, path: "/restate/send/Greeter/greet" }, 202],
    ["send to a service by GET", { method: "GET", path: "/restate/send/Greeter/greet" }, 202],
    ["send to an object", { ...call, path: "/restate/send/Counter/c/add" }, 202],
    ["call in a scope", { ...call, path: "/restate/scope/s/call/Greeter/greet" }, 200],
    ["call of an object in a scope", { ...call, path: "/restate/scope/s/call/Counter/c/add" }, 200],
    ["send in a scope", { ...call, path: "/restate/scope/s/send/Signup/u2/run" }, 202],
    ["older call", { ...call, path: "/Greeter/greet" }, 200],
    ["older call of an object", { ...call, path: "/Counter/c/add" }, 200],
    ["older send", { ...call, path: "/Greeter/greet/send" }, 202],
    ["older send to an object", { ...call, path: "/Counter/c/add/send" }, 202],
    ["attach by target", { path: "/restate/attach", json: workflow }, 200],
    ["output by target", { path: "/restate/output", json: workflow }, 200],
    ["status by target", { path: "/restate/status", json: workflow }, 200],
    ["lookup", { path: "/restate/lookup", json: workflow }, 200],
    ["attach by id", { method: "GET", path: "/restate/attach/ID" }, 200],
    ["output by id", { method: "GET", path: "/restate/output/ID" }, 200],
    ["status by id", { method: "GET", path: "/restate/status/ID" }, 200],
    ["older attach by id", { method: "GET", path: "/restate/invocation/ID/attach" }, 200],
    ["older output by id", { method: "GET", path: "/restate/invocation/ID/output" }, 200],
    ["older status by id", { method: "GET", path: "/restate/invocation/ID/status" }, 200],
    [
      "attach by idempotency key",
      { method: "GET", path: "/restate/invocation/Greeter/greet/k1/attach" },
      200,
    ],
    [
      "output by idempotency key",
      { method: "GET", path: "/restate/invocation/Greeter/greet/k1/output" },
      200,
    ],
    [
      "status by idempotency key",
      { method: "GET", path: "/restate/invocation/Greeter/greet/k1/status" },
      200,
    ],
    ["attach by workflow key", { method: "GET", path: "/restate/workflow/Signup/u1/attach" }, 200],
    ["output by workflow key", { method: "GET", path: "/restate/workflow/Signup/u1/output" }, 200],
    ["status by workflow key", { method: "GET", path: "/restate/workflow/Signup/u1/status" }, 200],
    ["resolve", { path: `/restate/awakeables/${awakeableId}/resolve`, body: "1" }, 202],
    ["resolve, short", { path: `/restate/a/${awakeableId}/resolve`, body: "1" }, 202],
    ["reject", { path: `/restate/awakeables/${awakeableId}/reject`, body: "no" }, 202],
    ["reject, short", { path: `/restate/a/${awakeableId}/reject`, body: "no" }, 202],
    ["health", { method: "GET", path: "/restate/health" }, 200],
  ])("%s", async (_what, asked, status) => {
    await open();
    const run = await ask({ path: "/restate/call/Signup/u1/run", json: 1 });
    await ask({ path: "/Greeter/greet", json: 1, headers: { "idempotency-key": "k1" } });
    const id = run.headers.get("x-restate-id") ?? "";

    const answer = await ask({ ...asked, path: asked.path.replace("ID", id) });

    expect(answer.status, answer.body).toBe(status);
  });
});

describe("exchanges", () => {
  test("a call is 200 with the output's bytes, its content type and the invocation's id", async () => {
    const invocations = await open();
    invocations.handler = () => Promise.resolve(Buffer.from('"Hi Ada"'));

    const answer = await ask({ path: "/Greeter/greet", json: "Ada" });

    expect(answer).toMatchObject({ status: 200, body: '"Hi Ada"' });
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("x-restate-id")).toMatch(isId);
    expect(answer.headers.has("x-restate-error-source")).toBe(false);
  });

  test("the same with an idempotency key, twice, is one invocation whose result has an end", async () => {
    await open();
    const asked = { path: "/Greeter/greet", json: "Ada", headers: { "idempotency-key": "k1" } };

    const first = await ask(asked);
    const second = await ask(asked);

    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(second.headers.get("x-restate-id")).toBe(first.headers.get("x-restate-id"));
    expect(second.headers.get("idempotency-expires")).toMatch(isTime);
  });

  test("a call of an object hands on whatever its handler returns", async () => {
    const invocations = await open();
    invocations.handler = () => Promise.resolve(Buffer.from('{"old":0,"new":3}'));

    expect(await ask({ path: "/restate/call/Counter/alice/add", json: 3 })).toMatchObject({
      status: 200,
      body: '{"old":0,"new":3}',
    });
  });

  test("a delayed send is 202 with its time", async () => {
    await open();

    const answer = await ask({ path: "/restate/send/Greeter/greet?delay=10s", json: 1 });

    expect(answer.status).toBe(202);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(answer.body)).toEqual({
      invocationId: expect.stringMatching(isId) as string,
      executionTime: expect.stringMatching(isTime) as string,
      status: "Accepted",
    });
  });

  test("a send with a used idempotency key is 202 and PreviouslyAccepted, with the same id", async () => {
    await open();
    const asked = {
      path: "/restate/send/Greeter/greet",
      json: 1,
      headers: { "idempotency-key": "k1" },
    };

    const first = await ask(asked);
    const second = await ask(asked);

    const { invocationId } = JSON.parse(first.body) as { invocationId: string };
    expect(JSON.parse(first.body)).toEqual({ invocationId, status: "Accepted" });
    expect(second.status).toBe(202);
    expect(JSON.parse(second.body)).toEqual({ invocationId, status: "PreviouslyAccepted" });
  });

  test("a second send of a workflow's run is 202 and PreviouslyAccepted", async () => {
    await open();
    await ask({ path: "/restate/send/Signup/u1/run", json: 1 });

    const second = await ask({ path: "/restate/send/Signup/u1/run", json: 1 });

    expect(second.status).toBe(202);
    expect(JSON.parse(second.body)).toMatchObject({ status: "PreviouslyAccepted" });
  });

  test("attach waits, then answers as the call", async () => {
    const invocations = await open();
    let finish: (value: Uint8Array) => void = () => {};
    invocations.handler = () => new Promise((resolve) => (finish = resolve));
    await ask({ path: "/restate/send/Signup/u1/run", json: 1 });
    const json = { target: "workflow", workflowName: "Signup", workflowKey: "u1" };

    const attached = ask({ path: "/restate/attach", json });
    finish(Buffer.from("7"));

    expect(await attached).toMatchObject({ status: 200, body: "7" });
  });

  test("lookup is 200 with an id even if there never was such an invocation", async () => {
    await open();
    const json = {
      target: "idempotentInvocation",
      service: "Greeter",
      handler: "greet",
      idempotencyKey: "k1",
    };

    const answer = await ask({ path: "/restate/lookup", json });

    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      invocationId: expect.stringMatching(isId) as string,
    });
  });

  test("an awakeable is resolved with the body and rejected with it as the message, both 202 and empty", async () => {
    const invocations = await open();

    const resolved = await ask({ path: `/restate/a/${awakeableId}/resolve`, json: { ok: true } });
    const rejected = await ask({ path: `/restate/a/${awakeableId}/reject`, body: "nope" });

    expect([resolved, rejected]).toMatchObject([
      { status: 202, body: "" },
      { status: 202, body: "" },
    ]);
    expect(invocations.signals).toMatchObject([
      { signalId: 17, result: { case: "value" } },
      { signalId: 17, result: { case: "failure", value: { code: 500, message: "nope" } } },
    ]);
  });

  test("health lists the services", async () => {
    await open();

    const answer = await ask({ method: "GET", path: "/restate/health" });

    expect(JSON.parse(answer.body)).toEqual({ services: ["Greeter", "Counter", "Signup"] });
  });
});

// Calls, sends and their results over the JSON routes, against a real server and a real service.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { Http } from "../harness/http.js";

const bed = useBed("after all");
let ingress: Http;
let gates: Gates;

beforeAll(async () => {
  gates = await bed.openGates();
  const { server } = await bed.serve({
    modules: ["greeter"],
    env: { PERDURE_TEST_GATES: gates.url },
  });
  ingress = server.ingress;
});

describe("a call", () => {
  test("is answered with the handler's result and the invocation's id", async () => {
    const answer = await ingress.post("/restate/call/Greeter/greet", "Ada");

    expect(answer).toMatchObject({ status: 200, json: "Hi Ada" });
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("x-restate-id")).toMatch(/^inv_1\w{33}$/);
    expect(answer.headers.get("idempotency-expires")).toBeNull();
  });

  test("works by the older paths too", async () => {
    const answers = await Promise.all([
      ingress.post("/Greeter/greet", "Ada"),
      ingress.post("/Counter/older-paths/add", 2),
      ingress.get("/Greeter/nothing"),
    ]);

    expect(answers.map(({ status, json }) => [status, json])).toEqual([
      [200, "Hi Ada"],
      [200, 2],
      [200, undefined],
    ]);
  });

  test("without a result has neither body nor content type", async () => {
    const answer = await ingress.get("/restate/call/Greeter/nothing");

    expect(answer).toMatchObject({ status: 200, text: "" });
    expect(answer.headers.get("content-type")).toBeNull();
  });

  test("carries bytes as they are, large ones too", async () => {
    const bytes = new Uint8Array(3_000_000).map((_, at) => (at * 7) % 256);
    const response = await fetch(`${ingress.url}/restate/call/Greeter/echo`, {
      method: "POST",
      body: bytes,
      headers: { "content-type": "application/octet-stream" },
    });

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes)).toBe(0);
  });

  test("hands headers, target and id to the handler", async () => {
    const answer = await ingress.post("/restate/call/Greeter/request", undefined, {
      headers: { "X-Team": "blue", "idempotency-key": "request-1" },
    });

    const { headers, id, target, idempotencyKey } = answer.json;
    expect(id).toBe(answer.headers.get("x-restate-id"));
    expect([target, idempotencyKey]).toEqual(["Greeter/request", "request-1"]);
    expect(headers).toMatchObject({ "x-team": "blue" });
    expect(headers).not.toHaveProperty("host");
    expect(headers).not.toHaveProperty("idempotency-key");
  });

  test("of an object goes to its key, whatever is in it", async () => {
    const key = "a/b c?d#é%ß";
    const path = `/restate/call/Counter/${encodeURIComponent(key)}/add`;

    const answers = [await ingress.post(path, 2), await ingress.post(path, 3)];

    expect(answers.map(({ json }) => json)).toEqual([2, 5]);
  });

  test("that ends with a terminal error says so, with its code and metadata", async () => {
    const answer = await ingress.post("/restate/call/Greeter/refuse", 422);

    expect(answer).toMatchObject({
      status: 422,
      json: {
        code: 422,
        message: "no such luck",
        metadata: { plan: "gold", try: "1" },
        source: "invocation",
        errorCode: "PDR3030",
      },
    });
    expect(answer.headers.get("x-restate-error-source")).toBe("invocation");
    expect(answer.headers.get("x-restate-id")).toMatch(/^inv_1/);
  });

  test("with a failure code that is no HTTP status is a 500 with that code", async () => {
    const answer = await ingress.post("/restate/call/Greeter/refuse", 12345);

    expect(answer).toMatchObject({ status: 500, json: { code: 12345 } });
  });

  test("reaches a private handler from another handler only", async () => {
    const answer = await ingress.post("/restate/call/Greeter/callHidden");

    expect(answer).toMatchObject({ status: 200, json: "seen" });
  });
});

describe("an idempotency key", () => {
  test("makes calls that overlap one execution with one result", async () => {
    gates.shut("overlap");
    const options = { headers: { "idempotency-key": "overlap" } };
    const first = ingress.post("/restate/call/Greeter/once", "overlap", options);
    await gates.reached("overlap");
    const second = ingress.post("/restate/call/Greeter/once", "overlap", options);
    const sent = await ingress.post("/restate/send/Greeter/once", "overlap", options);
    gates.open("overlap");

    const answers = await Promise.all([first, second]);
    const later = await ingress.post("/restate/call/Greeter/once", "overlap", options);

    expect(sent).toMatchObject({ status: 202, json: { status: "PreviouslyAccepted" } });
    const ids = [...answers, later].map(({ headers }) => headers.get("x-restate-id"));
    expect(new Set([...ids, sent.json.invocationId]).size).toBe(1);
    expect(new Set([...answers, later].map(({ text }) => text)).size).toBe(1);
    expect(Date.parse(later.headers.get("idempotency-expires") ?? "")).toBeGreaterThan(Date.now());
    expect(gates.count("overlap")).toBe(1);
  });

  test("leads to the result by its own paths", async () => {
    const options = { headers: { "idempotency-key": "k 1" } };
    const call = await ingress.post("/restate/call/Greeter/greet", "Ada", options);
    const target = {
      target: "idempotentInvocation",
      service: "Greeter",
      handler: "greet",
      idempotencyKey: "k 1",
    };

    const attached = await ingress.post("/restate/attach", target);
    const output = await ingress.post("/restate/output", target);
    const lookup = await ingress.post("/restate/lookup", target);
    const plain = await ingress.post("/restate/call/Greeter/greet", "Bo", {
      headers: { "idempotency-key": "k2" },
    });
    const older = await ingress.get("/restate/invocation/Greeter/greet/k2/attach");

    expect([attached.json, output.json, older.json]).toEqual(["Hi Ada", "Hi Ada", plain.json]);
    expect(lookup.json).toEqual({ invocationId: call.headers.get("x-restate-id") });
  });
});

describe("a send", () => {
  test("is accepted at once; its result is there for whoever asks", async () => {
    gates.shut("send");
    const sent = await ingress.post("/restate/send/Greeter/once", "send");
    await gates.reached("send");
    const { invocationId } = sent.json;
    const early = await ingress.get(`/restate/output/${invocationId}`);
    const attached = ingress.get(`/restate/attach/${invocationId}`);
    gates.open("send");

    expect(sent).toMatchObject({ status: 202, json: { status: "Accepted" } });
    expect(sent.json).not.toHaveProperty("executionTime");
    expect(early).toMatchObject({
      status: 470,
      json: { code: 470, source: "ingress", errorCode: "PDR3017" },
    });
    expect(await attached).toMatchObject({ status: 200, json: expect.any(Number) });
    const output = await ingress.get(`/restate/invocation/${invocationId}/output`);
    expect(output.text).toBe((await attached).text);
  });

  test("with a delay is scheduled, and starts no earlier", async () => {
    const before = Date.now();
    const sent = await ingress.post("/restate/send/Greeter/greet?delay=200ms", "Ada");
    const executionTime = Date.parse(sent.json.executionTime);
    const attached = await ingress.get(`/restate/attach/${sent.json.invocationId}`);
    const took = Date.now() - before;

    expect(sent).toMatchObject({ status: 202, json: { status: "Accepted" } });
    expect(executionTime).toBeGreaterThanOrEqual(before + 195);
    expect(attached).toMatchObject({ status: 200, json: "Hi Ada" });
    expect(took).toBeGreaterThanOrEqual(195);
  });

  test.each(["5m", "PT60S", "1h%205m", "1h+5m"])("understands the delay %s", async (delay) => {
    const sent = await ingress.post(`/restate/send/Greeter/greet?delay=${delay}`, "Ada");
    const output = await ingress.get(`/restate/output/${sent.json.invocationId}`);

    expect(sent.status).toBe(202);
    expect(Date.parse(sent.json.executionTime)).toBeGreaterThan(Date.now() + 50_000);
    expect(output.status).toBe(470);
  });

  test("works by the older paths too", async () => {
    const answers = await Promise.all([
      ingress.post("/Greeter/greet/send", "Ada"),
      ingress.post("/Counter/older-send/add/send?delay=1ms", 2),
      ingress.post("/Signup/older-send/run/send", { name: "Ada" }),
    ]);

    expect(answers.map(({ status, json }) => [status, json.status])).toEqual([
      [202, "Accepted"],
      [202, "Accepted"],
      [202, "Accepted"],
    ]);
  });
});

describe("a workflow", () => {
  test("runs once for each key: the second call gets 409, the second send latches on", async () => {
    const first = ingress.post("/restate/call/Signup/w1/run", { name: "Ada" });
    await ingress.post("/restate/call/Signup/w1/verify", "s3");
    const done = await first;

    const called = await ingress.post("/restate/call/Signup/w1/run", { name: "Bo" });
    const sent = await ingress.post("/restate/send/Signup/w1/run", { name: "Bo" });

    expect(done).toMatchObject({ status: 200, json: { name: "Ada", key: "w1", secret: "s3" } });
    expect(done.headers.get("idempotency-expires")).not.toBeNull();
    expect(called).toMatchObject({
      status: 409,
      json: {
        code: 409,
        message: "the workflow method was already invoked",
        source: "invocation",
        errorCode: "PDR3031",
      },
    });
    expect(sent).toMatchObject({ status: 202, json: { status: "PreviouslyAccepted" } });
    expect(sent.json.invocationId).toBe(done.headers.get("x-restate-id"));
  });

  test("that is under way refuses a second call with 409 as well", async () => {
    await ingress.post("/restate/send/Signup/w2/run", { name: "Ada" });

    const called = await ingress.post("/restate/call/Signup/w2/run", { name: "Bo" });

    expect(called).toMatchObject({ status: 409, json: { errorCode: "PDR3031" } });
  });

  test("is attached to by its key, in three ways, and looked at", async () => {
    const target = { target: "workflow", workflowName: "Signup", workflowKey: "w3" };
    const sent = await ingress.post("/restate/send/Signup/w3/run", { name: "Ada" });
    const early = await ingress.get("/restate/workflow/Signup/w3/output");
    const lookup = await ingress.post("/restate/lookup", target);
    const attached = [
      ingress.post("/restate/attach", target),
      ingress.get("/restate/workflow/Signup/w3/attach"),
      ingress.get(`/restate/attach/${sent.json.invocationId}`),
    ];
    await ingress.post("/Signup/w3/verify", "s");

    const results = await Promise.all(attached);
    const output = await ingress.post("/restate/output", target);

    expect(early.status).toBe(470);
    expect(lookup.json.invocationId).toBe(sent.json.invocationId);
    expect(results.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set([...results, output].map(({ text }) => text))).toEqual(
      new Set(['{"name":"Ada","key":"w3","secret":"s"}']),
    );
  });

  test("answers its shared handlers before, beside and after its run", async () => {
    const isVerified = async (): Promise<unknown> =>
      (await ingress.post("/restate/call/Signup/w4/isVerified")).json;

    const before = await isVerified();
    await ingress.post("/restate/send/Signup/w4/run", { name: "Ada" });
    const beside = await isVerified();
    await ingress.post("/restate/call/Signup/w4/verify", "s");
    await ingress.get("/restate/workflow/Signup/w4/attach");
    const after = await isVerified();

    expect([before, beside, after]).toEqual([false, false, true]);
  });

  test("whose promise was resolved refuses the second resolution", async () => {
    await ingress.post("/restate/call/Signup/w5/verify", "s");

    const again = await ingress.post("/restate/call/Signup/w5/verify", "t");

    expect(again).toMatchObject({
      status: 409,
      json: { message: "promise was already completed", source: "invocation" },
    });
  });
});

describe("CORS", () => {
  test("is answered for browsers on every route", async () => {
    const origin = "https://shop.example";
    const preflight = await ingress.send("/restate/call/Greeter/greet", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    const answer = await ingress.post("/restate/call/Greeter/greet", "Ada", {
      headers: { origin },
    });

    expect(preflight.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
  });
});

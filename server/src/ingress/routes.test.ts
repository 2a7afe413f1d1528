import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Overloaded, Unavailable } from "../shard/invocations.js";
import { openTestIngress, TestFailure } from "./ingress.fixture.js";
import type { TestIngress } from "./ingress.fixture.js";

let ingress: TestIngress;
beforeEach(async () => {
  ingress = await openTestIngress();
});
afterEach(async () => {
  await ingress.port.close();
});

function post(
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  return fetch(ingress.url + path, {
    method: "POST",
    headers: { ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function get(path: string): Promise<Response> {
  return fetch(ingress.url + path);
}

function answerWith(value: unknown): void {
  ingress.invocations.handler = () => Promise.resolve(Buffer.from(JSON.stringify(value)));
}

async function errorOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get("content-type")).toBe("application/json");
  return (await response.json()) as Record<string, unknown>;
}

describe("calls", () => {
  test.each([
    ["/restate/call/Greeter/greet", undefined],
    ["/Greeter/greet", undefined],
    ["/Greeter/greet/", undefined],
    ["/restate/call/Counter/alice/add", "alice"],
    ["/Counter/alice/add", "alice"],
    ["/restate/call/Counter//add", ""],
    ["/restate/call/Counter/a%2Fb%20c%C3%A9/add", "a/b cé"],
    ["/restate/call/Counter/a+b/add", "a+b"],
    ["/Counter/send/add", "send"],
    ["/restate/call/Signup/u1/run", "u1"],
    ["/Signup/u1/click", "u1"],
  ])("%s answers with the handler's bytes", async (path, key) => {
    answerWith({ hello: "Ada" });

    const response = await post(path, "Ada");

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"hello":"Ada"}');
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-restate-id")).toMatch(/^inv_1/);
    const [request] = ingress.invocations.submitted;
    expect(request?.key).toBe(key);
    expect(Buffer.from(request?.parameter ?? []).toString()).toBe('"Ada"');
  });

  test("a GET calls with an empty parameter", async () => {
    const response = await get("/Greeter/greet");

    expect(response.status).toBe(200);
    expect(ingress.invocations.submitted[0]?.parameter).toHaveLength(0);
  });

  test("an empty output has no content-type unless the rule says so", async () => {
    ingress.invocations.handler = () => Promise.resolve(new Uint8Array(0));

    const plain = await post("/Greeter/greet", "Ada");
    const strict = await post("/Greeter/strict", "Ada");

    expect(plain.headers.has("content-type")).toBe(false);
    expect(strict.headers.get("content-type")).toBe("application/json");
  });

  test("a repeated idempotency key gets the first result and says until when it is kept", async () => {
    answerWith(1);
    const first = await post("/Greeter/greet", "Ada", { "idempotency-key": "k1" });
    answerWith(2);

    const second = await post("/Greeter/greet", "Ada", { "idempotency-key": "k1" });

    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get("x-restate-id")).toBe(first.headers.get("x-restate-id"));
    expect(second.headers.get("idempotency-expires")).toBe("2026-01-02T00:00:00.000Z");
  });

  test("headers are forwarded in lower case, but for those of the connection and of the ingress", async () => {
    await post("/Greeter/greet?x=1", "Ada", {
      "X-Custom": "Value",
      "idempotency-key": "k1",
      "idempotency-expires": "never",
      traceparent: "00-1-2-3",
    });

    const headers = ingress.invocations.submitted[0]?.headers ?? [];
    expect(headers[0]).toMatchObject({
      name: "x-restate-ingress-path",
      value: "/Greeter/greet?x=1",
    });
    const byName = new Map(headers.map(({ name, value }) => [name, value]));
    expect(byName.get("x-custom")).toBe("Value");
    expect(byName.get("traceparent")).toBe("00-1-2-3");
    expect(byName.get("content-type")).toBe("application/json");
    for (const name of ["connection", "host", "idempotency-key", "idempotency-expires"]) {
      expect(byName.has(name)).toBe(false);
    }
  });

  test("a second call of a workflow's run is refused with the invocation's own 409", async () => {
    answerWith({ success: true });
    await post("/restate/call/Signup/u1/run", {});

    const response = await post("/restate/call/Signup/u1/run", {});

    expect(response.status).toBe(409);
    expect(response.headers.get("x-restate-error-source")).toBe("invocation");
    expect(await errorOf(response)).toEqual({
      code: 409,
      message: "the workflow method was already invoked",
      source: "invocation",
      errorCode: "PDR3031",
    });
  });

  test("a client that goes away ends the wait", async () => {
    ingress.invocations.handler = () => new Promise(() => {});
    const controller = new AbortController();
    const aborted = ingress.invocations.nextAbort();
    const call = fetch(`${ingress.url}/Greeter/greet`, { signal: controller.signal });
    await expect.poll(() => ingress.invocations.submitted.length).toBe(1);

    controller.abort();

    await expect(call).rejects.toThrow(/abort/);
    await aborted;
    expect(ingress.invocations.aborted).toBe(1);
  });

  test("a client that has its answer aborts nothing", async () => {
    await post("/Greeter/greet", "Ada");
    await ingress.port.close();

    expect(ingress.invocations.aborted).toBe(0);
  });
});

describe("failures of invocations", () => {
  test("have the failure's code as status and say where they come from", async () => {
    ingress.invocations.handler = () => Promise.reject(new TestFailure(422, "no", { a: "1" }));

    const response = await post("/Greeter/greet", "Ada");

    expect(response.status).toBe(422);
    expect(response.headers.get("x-restate-error-source")).toBe("invocation");
    expect(response.headers.get("x-restate-id")).toMatch(/^inv_1/);
    expect(await errorOf(response)).toEqual({
      code: 422,
      message: "no",
      metadata: { a: "1" },
      source: "invocation",
      errorCode: "PDR3030",
    });
  });

  test.each([
    [500, 500],
    [404, 404],
    [470, 470],
    [599, 599],
    [0, 500],
    [99, 500],
    [100, 500],
    [101, 500],
    [200, 500],
    [204, 500],
    [205, 500],
    [304, 500],
    [1000, 500],
    [70_000, 500],
  ])("of code %i travel with status %i and keep their code in the body", async (code, status) => {
    ingress.invocations.handler = () => Promise.reject(new TestFailure(code, "no"));

    const response = await post("/Greeter/greet", "Ada");

    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, message: "no", source: "invocation" });
  });
});

describe("sends", () => {
  test.each(["/restate/send/Greeter/greet", "/Greeter/greet/send"])(
    "%s is accepted at once",
    async (path) => {
      ingress.invocations.handler = () => new Promise(() => {});

      const response = await post(path, "Ada", { "idempotency-key": "k" });

      expect(response.status).toBe(202);
      const body = (await response.json()) as Record<string, unknown>;
      expect(body).toEqual({
        invocationId: response.headers.get("x-restate-id"),
        status: "Accepted",
      });
      const again = await post(path, "Ada", { "idempotency-key": "k" });
      expect(again.status).toBe(202);
      expect(await again.json()).toEqual({ ...body, status: "PreviouslyAccepted" });
    },
  );

  test.each([
    ["delay=10s", 10_000],
    ["DELAY=PT1M", 60_000],
    ["delay=1h+5m", 3_900_000],
    ["delay=60%20sec", 60_000],
    ["a=b&delay=250ms", 250],
  ])("?%s delays it", async (query, delayMs) => {
    const response = await post(`/restate/send/Signup/pete/run?${query}`, {});

    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({
      status: "Accepted",
      executionTime: new Date(Date.UTC(2026, 0, 1) + delayMs).toISOString(),
    });
    expect(ingress.invocations.submitted[0]?.delayMs).toBe(delayMs);
  });

  test("the older path takes a delay as well", async () => {
    await post("/Signup/pete/run/send?delay=300ms", {});

    expect(ingress.invocations.submitted[0]?.delayMs).toBe(300);
  });
});

describe("results", () => {
  const workflow = { target: "workflow", workflowName: "Signup", workflowKey: "u1" };
  const idempotent = {
    target: "idempotentInvocation",
    service: "Counter",
    key: "alice",
    handler: "add",
    idempotencyKey: "k1",
  };

  async function idOf(body: unknown): Promise<string> {
    const response = await post("/restate/lookup", body);
    expect(response.status).toBe(200);
    return ((await response.json()) as { invocationId: string }).invocationId;
  }

  test("lookup derives an id and never looks whether there is such an invocation", async () => {
    const id = await idOf(workflow);

    expect(id).toMatch(/^inv_1/);
    expect(await idOf({ target: "invocation", invocationId: id })).toBe(id);
    expect(await idOf(idempotent)).not.toBe(id);
    expect(await idOf({ ...workflow, workflowName: "Unknown" })).toMatch(/^inv_1/);
  });

  test("attach and output find a result by every name of an invocation", async () => {
    answerWith(7);
    await post("/restate/send/Signup/u1/run", {});
    await post("/restate/send/Counter/alice/add", 1, { "idempotency-key": "k1" });
    const id = await idOf(workflow);

    for (const operation of ["attach", "output"]) {
      const responses = await Promise.all([
        get(`/restate/${operation}/${id}`),
        get(`/restate/invocation/${id}/${operation}`),
        get(`/restate/workflow/Signup/u1/${operation}`),
        get(`/restate/invocation/Counter/alice/add/k1/${operation}`),
        post(`/restate/${operation}`, workflow),
        post(`/restate/${operation}`, idempotent),
        post(`/restate/${operation}`, { target: "invocation", invocationId: id }),
      ]);
      for (const response of responses) {
        expect(response.status).toBe(200);
        expect(response.headers.get("content-type")).toBe("application/json");
        expect(await response.text()).toBe("7");
      }
    }
  });

  test("attach waits, output does not", async () => {
    let finish: (value: Uint8Array) => void = () => {};
    ingress.invocations.handler = () => new Promise((resolve) => (finish = resolve));
    await post("/restate/send/Signup/u1/run", {});

    const output = await get("/restate/workflow/Signup/u1/output");
    const attach = get("/restate/workflow/Signup/u1/attach");
    finish(Buffer.from('"done"'));

    expect(output.status).toBe(470);
    expect(await errorOf(output)).toEqual({
      code: 470,
      message: "the invocation exists but has not completed yet",
      source: "ingress",
      errorCode: "PDR3017",
    });
    expect(await (await attach).text()).toBe('"done"');
  });

  test("an idempotent invocation of a service has no key in its path", async () => {
    await post("/Greeter/greet", "Ada", { "idempotency-key": "k1" });

    const response = await get("/restate/invocation/Greeter/greet/k1/attach");

    expect(await response.text()).toBe('"Ada"');
  });
});

describe("what is refused", () => {
  const longKey = "k".repeat(513);
  type Case = readonly [string, string, number, string, RegExp, RequestInit?];
  const cases: readonly Case[] = [
    ["POST", "/", 400, "PDR3001", /bad path: \//],
    ["POST", "/Greeter", 400, "PDR3001", /bad path: \/Greeter/],
    ["POST", "/a/b/c/d/e/f/g/h", 400, "PDR3001", /bad path/],
    [
      "POST",
      "/Greeter/a/b/c",
      400,
      "PDR3001",
      /"Greeter" is a service: use \/Greeter\/\{handler\}/,
    ],
    [
      "POST",
      "/Counter/add",
      400,
      "PDR3001",
      /"Counter" is a virtual object: use \/Counter\/\{key\}/,
    ],
    ["POST", "/restate/call/Signup/run", 400, "PDR3001", /\/restate\/call\/Signup\/\{key\}/],
    ["POST", "/restate/call/Greeter/greet/send", 400, "PDR3001", /bad path/],
    ["GET", "/restate/workflow/Signup/u1/peek", 400, "PDR3001", /attach/],
    ["GET", "/restate/invocation/a/b/attach", 400, "PDR3001", /idempotencyKey/],
    ["GET", "/restate/invocation/Counter/add/k/attach", 400, "PDR3001", /Counter\/\{key\}/],
    ["GET", "/openapi/x", 404, "PDR3002", /\/openapi\/x/],
    ["GET", "/restate/nothing", 404, "PDR3002", /\/restate\/nothing/],
    ["POST", "/perdure.ingress.v1.Ingress/Nothing", 404, "PDR3002", /Nothing/],
    ["PUT", "/restate/call/Greeter/greet", 405, "PDR3003", /PUT/],
    ["DELETE", "/Greeter/greet", 405, "PDR3003", /DELETE/],
    ["POST", "/restate/attach/inv_x", 405, "PDR3003", /POST/],
    ["GET", "/restate/lookup", 405, "PDR3003", /GET/],
    ["GET", "/restate/attach", 405, "PDR3003", /GET/],
    ["POST", "/restate/health", 405, "PDR3003", /POST/],
    ["POST", "/Nobody/greet", 404, "PDR3004", /service "Nobody" not found: .*Greeter/],
    ["POST", "/restate/send/Nobody/x/y", 404, "PDR3004", /service "Nobody" not found/],
    ["GET", "/restate/workflow/Nobody/u1/attach", 404, "PDR3004", /"Nobody"/],
    ["POST", "/Greeter/shout", 404, "PDR3005", /handler "shout" not found: .*greet/],
    ["POST", "/Greeter/hidden", 400, "PDR3006", /the invoked service is not public/],
    ["POST", "/Counter/%zz/add", 400, "PDR3007", /bad key "%zz"/],
    ["POST", "/Counter/%ff/add", 400, "PDR3007", /UTF-8/],
    ["POST", `/Counter/${longKey}/add`, 400, "PDR3007", /513 bytes; at most 512/],
    ["GET", `/restate/workflow/Signup/${longKey}/attach`, 400, "PDR3007", /513 bytes/],
    ["POST", "/restate/send/Greeter/greet?delay=soon", 400, "PDR3008", /bad delay "soon"/],
    ["POST", "/Greeter/greet/send?delay=", 400, "PDR3008", /bad delay ""/],
    ["POST", "/restate/send/Greeter/greet?delay=101w9999999h", 400, "PDR3008", /100 years/],
    ["POST", "/restate/call/Greeter/greet?delay=1s", 400, "PDR3009", /delay "1s"/],
    ["POST", "/Greeter/greet", 400, "PDR3010", /513/, { headers: { "idempotency-key": longKey } }],
    ["POST", "/Greeter/greet", 400, "PDR3010", /empty/, { headers: { "idempotency-key": "" } }],
    ["POST", "/Signup/u/run", 400, "PDR3011", /"run"/, { headers: { "idempotency-key": "k" } }],
    ["POST", "/Greeter/greet", 400, "PDR3012", /got "text\/plain/, { body: "x" }],
    ["POST", "/Greeter/greet", 400, "PDR3012", /Empty content-type/, { body: Buffer.from("x") }],
    ["POST", "/Greeter/anything", 400, "PDR3012", /content-type/, { body: Buffer.from("x") }],
    ["POST", "/Greeter/nothing", 400, "PDR3012", /takes no input/, { body: "x" }],
    ["GET", "/Greeter/strict", 400, "PDR3012", /application\/json/],
    ["POST", "/Greeter/greet", 400, "PDR3013", /x-name/, { headers: { "x-name": "é" } }],
    ["POST", "/restate/attach", 400, "PDR3015", /JSON/, { body: "{" }],
    ["POST", "/restate/attach", 400, "PDR3015", /object/, { body: "[]" }],
    ["POST", "/restate/output", 400, "PDR3015", /unknown target "x"/, { body: '{"target":"x"}' }],
    ["POST", "/restate/lookup", 400, "PDR3015", /workflowKey/, { body: '{"target":"workflow"}' }],
    [
      "POST",
      "/restate/lookup",
      400,
      "PDR3015",
      /"workflowName" must be a string/,
      { body: '{"target":"workflow","workflowName":1,"workflowKey":"k"}' },
    ],
    ["GET", "/restate/attach/inv_unknown", 404, "PDR3016", /^invocation not found$/],
    ["GET", "/restate/output/inv_unknown", 404, "PDR3016", /^invocation not found$/],
    ["GET", "/restate/workflow/Signup/nobody/attach", 404, "PDR3016", /^invocation not found$/],
    ["GET", "/restate/workflow/Signup/nobody/output", 404, "PDR3016", /^invocation not found$/],
    ["GET", "/restate/invocation/Greeter/greet/k/attach", 404, "PDR3016", /^invocation not found$/],
    ["POST", "/restate/awakeables/sign_1x/resolve", 400, "PDR3023", /sign_1x/],
    ["POST", "/restate/a/sign_1x/reject", 400, "PDR3023", /sign_1x/],
    ["POST", "/restate/scope/s/call/Greeter/greet", 501, "PDR3020", /scopes/],
    [
      "POST",
      "/restate/attach",
      501,
      "PDR3020",
      /scope/,
      { body: '{"target":"workflow","workflowName":"a","workflowKey":"b","scope":"c"}' },
    ],
    ["POST", "/Greeter/greet?limit-key=a", 400, "PDR3021", /limit key requires a scope/],
    [
      "POST",
      "/Greeter/greet",
      400,
      "PDR3021",
      /limit key requires a scope/,
      { headers: { "x-restate-limit-key": "a" } },
    ],
  ];

  test.each(cases.map(([a, b, c, d, e, init = {}]) => [a, b, c, d, e, init] as const))(
    "%s %s is %i with code %s",
    async (method, path, status, code, message, init) => {
      const response = await fetch(ingress.url + path, { method, ...init });

      expect(response.status).toBe(status);
      expect(response.headers.get("x-restate-error-source")).toBe("ingress");
      const body = await errorOf(response);
      expect(body).toEqual({
        code: status,
        message: expect.stringMatching(message) as string,
        source: "ingress",
        errorCode: code,
      });
      expect(response.headers.has("allow")).toBe(status === 405);
      expect(ingress.invocations.submitted).toHaveLength(0);
    },
  );

  test("an overloaded engine is 429 with a time to wait", async () => {
    ingress.invocations.refusal = new Overloaded("too much queued", 2);

    const response = await post("/Greeter/greet", "Ada");

    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await errorOf(response)).toMatchObject({ code: 429, errorCode: "PDR3018" });
  });

  test("an engine that can't store anything is 503 with the engine's code", async () => {
    ingress.invocations.refusal = new Unavailable("PDR2001", "the disk is full; safe to retry");

    const response = await post("/restate/send/Greeter/greet", "Ada");

    expect(response.status).toBe(503);
    expect(await errorOf(response)).toEqual({
      code: 503,
      message: "the disk is full; safe to retry",
      source: "ingress",
      errorCode: "PDR2001",
    });
  });
});

describe("before recovery is complete", () => {
  test.each(["/health", "/restate/health", "/Greeter/greet", "/restate/attach/inv_x"])(
    "%s is 503",
    async (path) => {
      const recovering = await openTestIngress({ ready: () => false });

      const response = await fetch(recovering.url + path);

      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(await errorOf(response)).toMatchObject({ code: 503, errorCode: "PDR3019" });
      await recovering.port.close();
    },
  );
});

describe("health", () => {
  test("lists the services", async () => {
    const response = await get("/restate/health");

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ services: ["Greeter", "Counter", "Signup"] });
    expect((await get("/health")).status).toBe(200);
  });
});

describe("cross-origin requests", () => {
  test("a preflight is allowed whatever it asks for", async () => {
    const response = await fetch(`${ingress.url}/Greeter/greet`, {
      method: "OPTIONS",
      headers: {
        origin: "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, idempotency-key",
      },
    });

    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(response.headers.get("access-control-allow-credentials")).toBe("true");
    expect(response.headers.get("access-control-allow-methods")).toBe("POST");
    expect(response.headers.get("access-control-allow-headers")).toBe(
      "content-type, idempotency-key",
    );
  });

  test.each(["/Greeter/greet", "/Nobody/greet", "/restate/health"])(
    "the answer of %s may be read by the page",
    async (path) => {
      const response = await fetch(ingress.url + path, {
        headers: { origin: "https://shop.example" },
      });

      expect(response.headers.get("access-control-allow-origin")).toBe("https://shop.example");
      expect(response.headers.get("access-control-expose-headers")).toContain("x-restate-id");
    },
  );

  test("a request without an origin gets no such headers", async () => {
    const response = await get("/Greeter/greet");

    expect(response.headers.has("access-control-allow-origin")).toBe(false);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
      "x-restate-ingress-path": "/forged",
      "X-Restate-Anything": "forged",
      "x-restateclient-retry-attempt": "2",
      tracestate: "a=b",
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
    expect(byName.get("tracestate")).toBe("a=b");
    expect(byName.get("x-restateclient-retry-attempt")).toBe("2");
    expect(headers.filter(({ name }) => name.startsWith("x-restate-"))).toHaveLength(1);
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

describe("scopes", () => {
  test.each([
    ["/restate/scope/tenant-1/call/Greeter/greet", undefined],
    ["/restate/scope/tenant-1/send/Greeter/greet", undefined],
    ["/restate/scope/tenant-1/call/Counter/alice/add", "alice"],
    ["/restate/scope/tenant%2D1/send/Signup/u1/run", "u1"],
    ["/restate/scope/tenant-1/call/Signup/u1/click/", "u1"],
  ])("%s goes into the scope", async (path, key) => {
    const response = await post(path, "Ada");

    expect([200, 202]).toContain(response.status);
    expect(ingress.invocations.submitted).toMatchObject([{ key, scope: "tenant-1" }]);
    expect(ingress.invocations.submitted[0]?.limitKey).toBeUndefined();
  });

  test.each([
    ["?limit-key=gold", {}, "gold"],
    ["?LIMIT-KEY=gold%2Fuser.1", {}, "gold/user.1"],
    ["", { "x-restate-limit-key": "gold" }, "gold"],
    ["?limit-key=silver", { "x-restate-limit-key": "gold" }, "gold"],
    ["?limit-key=b%20ad", { "x-restate-limit-key": "gold" }, "gold"],
  ])("a limit key comes by the query %j and the headers %j", async (query, headers, limitKey) => {
    await post(`/restate/scope/s/call/Greeter/greet${query}`, "Ada", headers);

    expect(ingress.invocations.submitted).toMatchObject([{ scope: "s", limitKey }]);
  });

  test("a scope is part of what a target names", async () => {
    await post("/restate/scope/a/send/Signup/u1/run", {});
    await post("/restate/scope/a/send/Counter/c/add", 1, { "idempotency-key": "k1" });
    const workflow = { target: "workflow", workflowName: "Signup", workflowKey: "u1" };
    const idempotent = {
      target: "idempotentInvocation",
      service: "Counter",
      key: "c",
      handler: "add",
      idempotencyKey: "k1",
    };

    for (const target of [workflow, idempotent]) {
      for (const operation of ["attach", "output", "status"]) {
        const inScope = await post(`/restate/${operation}`, { ...target, scope: "a" });
        const elsewhere = await post(`/restate/${operation}`, { ...target, scope: "b" });
        const outside = await post(`/restate/${operation}`, { ...target, scope: null });

        expect(inScope.status).toBe(200);
        expect(elsewhere.status).toBe(404);
        expect(await errorOf(elsewhere)).toMatchObject({
          message: expect.stringContaining('in scope "b"') as string,
        });
        expect(outside.status).toBe(404);
      }
    }
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

  test("status says how far an invocation is, by every name of it", async () => {
    ingress.invocations.handler = () => new Promise(() => {});
    await post("/restate/send/Signup/u1/run", {});
    await post("/restate/send/Counter/alice/add", 1, { "idempotency-key": "k1" });
    const id = await idOf(workflow);

    const byWorkflow = await Promise.all([
      get(`/restate/status/${id}`),
      get(`/restate/invocation/${id}/status`),
      get("/restate/workflow/Signup/u1/status"),
      post("/restate/status", workflow),
      post("/restate/status", { target: "invocation", invocationId: id }),
    ]);
    const byKey = await Promise.all([
      get("/restate/invocation/Counter/alice/add/k1/status"),
      post("/restate/status", idempotent),
    ]);

    for (const response of [...byWorkflow, ...byKey]) {
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(await response.json()).toEqual({ stage: "started" });
    }
    for (const { headers } of byWorkflow) expect(headers.get("x-restate-id")).toBe(id);
    for (const { headers } of byKey) {
      expect(headers.get("x-restate-id")).toBe(await idOf(idempotent));
    }
  });

  test("status is created before its time, and completed with the failure after a failure", async () => {
    ingress.invocations.handler = () => Promise.reject(new TestFailure(422, "no", { a: "1" }));
    await post("/restate/send/Signup/later/run?delay=1h", {});
    await post("/restate/call/Signup/now/run", {});

    const later = await get("/restate/workflow/Signup/later/status");
    const now = await get("/restate/workflow/Signup/now/status");

    expect(await later.json()).toEqual({ stage: "created" });
    expect(now.status).toBe(200);
    expect(await now.json()).toEqual({
      stage: "completed",
      error: { code: 422, message: "no", metadata: { a: "1" } },
    });
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

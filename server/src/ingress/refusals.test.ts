import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Overloaded, Unavailable } from "../shard/invocations.js";
import { openTestIngress } from "./ingress.fixture.js";
import type { TestIngress } from "./ingress.fixture.js";

let ingress: TestIngress;
beforeEach(async () => {
  ingress = await openTestIngress();
});
afterEach(() => ingress.port.close());

function post(path: string, body: unknown): Promise<Response> {
  return fetch(ingress.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function errorOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get("content-type")).toBe("application/json");
  return (await response.json()) as Record<string, unknown>;
}

describe("what is refused", () => {
  const longKey = "k".repeat(513);
  const unknownId = `inv_1${"0".repeat(33)}`;
  const cancelId = `sign_1${"0".repeat(33)}000001`;
  const scoped = "/restate/scope/s/call/Greeter/greet";
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
    ["POST", `/Counter/${longKey}/add`, 400, "PDR3007", /"k{64}…" has 513 bytes; at most 512/],
    ["GET", `/restate/workflow/Signup/${longKey}/attach`, 400, "PDR3007", /513 bytes/],
    ["POST", "/restate/send/Greeter/greet?delay=soon", 400, "PDR3008", /bad delay "soon"/],
    ["POST", "/Greeter/greet/send?delay=", 400, "PDR3008", /bad delay ""/],
    ["POST", "/restate/send/Greeter/greet?delay=101w9999999h", 400, "PDR3008", /100 years/],
    ["POST", "/restate/call/Greeter/greet?delay=1s", 400, "PDR3009", /delay "1s"/],
    ["POST", "/Greeter/greet", 400, "PDR3010", /513/, { headers: { "idempotency-key": longKey } }],
    ["POST", "/Greeter/greet", 400, "PDR3010", /empty/, { headers: { "idempotency-key": "" } }],
    [
      "POST",
      "/Signup/u/run",
      400,
      "PDR3011",
      /"k" .*"run" of workflow "Signup"/,
      { headers: { "idempotency-key": "k" } },
    ],
    [
      "POST",
      "/Greeter/greet",
      400,
      "PDR3012",
      /"greet" of "Greeter".*got "text\/plain/,
      { body: "x" },
    ],
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
    ["GET", `/restate/attach/${unknownId}`, 404, "PDR3016", /^invocation not found: .*inv_1000/],
    ["GET", `/restate/output/${unknownId}`, 404, "PDR3016", /^invocation not found: .*inv_1000/],
    ["GET", `/restate/status/${unknownId}`, 404, "PDR3016", /^invocation not found: .*inv_1000/],
    ["GET", "/restate/workflow/Signup/nobody/attach", 404, "PDR3016", /"Signup" .*"nobody"/],
    ["GET", "/restate/workflow/Signup/nobody/output", 404, "PDR3016", /"Signup" .*"nobody"/],
    ["GET", "/restate/workflow/Signup/nobody/status", 404, "PDR3016", /"Signup" .*"nobody"/],
    ["GET", "/restate/invocation/Greeter/greet/k/attach", 404, "PDR3016", /Greeter\/greet .*"k"/],
    ["GET", "/restate/invocation/Counter/c/add/k/status", 404, "PDR3016", /Counter\/c\/add .*"k"/],
    ["GET", "/restate/attach/inv_x", 400, "PDR3026", /bad invocation id "inv_x"/],
    ["GET", "/restate/output/inv_x", 400, "PDR3026", /bad invocation id "inv_x"/],
    ["GET", "/restate/status/inv_x", 400, "PDR3026", /bad invocation id "inv_x"/],
    ["GET", "/restate/invocation/inv_x/status", 400, "PDR3026", /bad invocation id "inv_x"/],
    [
      "POST",
      "/restate/lookup",
      400,
      "PDR3026",
      /"x"/,
      { body: '{"target":"invocation","invocationId":"x"}' },
    ],
    ["POST", "/restate/awakeables/sign_1x/resolve", 400, "PDR3023", /sign_1x/],
    ["POST", "/restate/a/sign_1x/reject", 400, "PDR3023", /sign_1x/],
    ["POST", `/restate/a/${cancelId}/resolve`, 400, "PDR3023", /no awakeable id/],
    ["POST", `/restate/a/prom_1${"A".repeat(37)}/resolve`, 400, "PDR3023", /prom_1/],
    ["POST", "/restate/scope/s", 400, "PDR3001", /\/restate\/scope\/\{scope\}\/call/],
    ["POST", "/restate/scope/s/ask/Greeter/greet", 400, "PDR3001", /bad path/],
    [
      "POST",
      "/restate/scope/s/call/Counter/add",
      400,
      "PDR3001",
      /\/restate\/scope\/s\/call\/Counter\/\{key\}/,
    ],
    ["POST", "/restate/scope/s/call/Nobody/greet", 404, "PDR3004", /"Nobody"/],
    ["POST", "/restate/scope//call/Greeter/greet", 400, "PDR3024", /bad scope ""/],
    ["POST", "/restate/scope/a%20b/call/Greeter/greet", 400, "PDR3024", /bad scope "a b"/],
    ["POST", "/restate/scope/%zz/send/Greeter/greet", 400, "PDR3024", /bad scope "%zz"/],
    ["POST", `/restate/scope/${"s".repeat(37)}/call/Greeter/greet`, 400, "PDR3024", /1 to 36/],
    [
      "POST",
      "/restate/attach",
      400,
      "PDR3024",
      /bad scope "a\/b"/,
      { body: '{"target":"workflow","workflowName":"a","workflowKey":"b","scope":"a/b"}' },
    ],
    [
      "POST",
      "/restate/attach",
      400,
      "PDR3015",
      /"scope" must be a string/,
      { body: '{"target":"workflow","workflowName":"a","workflowKey":"b","scope":1}' },
    ],
    ["POST", `${scoped}?limit-key=a/b/c`, 400, "PDR3025", /bad limit key "a\/b\/c"/],
    ["POST", `${scoped}?limit-key=a/`, 400, "PDR3025", /bad limit key "a\/"/],
    ["POST", `${scoped}?Limit-Key=`, 400, "PDR3025", /bad limit key ""/],
    ["POST", scoped, 400, "PDR3025", /"a b"/, { headers: { "x-restate-limit-key": "a b" } }],
    ["POST", "/dev.restate.ingress.ingestion.v1.IngestionSvc/Ingest", 501, "PDR3020", /Ingestion/],
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

describe("whatever is asked", () => {
  // prettier-ignore
  const words = [
    "restate", "call", "send", "scope", "s", "attach", "output", "status", "lookup", "workflow", "invocation",
    "awakeables", "a", "resolve", "reject", "health", "openapi", "Greeter", "greet", "Counter", "add", "Signup", "run",
    "k", "", "%", "%2F", "%ff", "inv_1", `inv_1${"0".repeat(33)}`, `sign_1${"0".repeat(39)}`, "perdure.ingress.v1.Ingress",
  ];
  const path = fc.array(fc.constantFrom(...words), { maxLength: 8 });
  const query = fc.constantFrom("", "?", "?delay=x", "?limit-key=a", "?limit-key=", "?%zz&&=");
  const method = fc.constantFrom("GET", "POST", "PUT", "OPTIONS");
  const headers = fc.subarray([
    ["content-type", "application/json"],
    ["idempotency-key", "k"],
    ["x-restate-limit-key", "a/b"],
    ["origin", "https://shop.example"],
  ]);
  const body = fc.constantFrom("", "{", '{"target":"invocation","invocationId":"x"}', "1");

  test("there is an answer, no unexpected error, and every error says what it is", async () => {
    await fc.assert(
      fc.asyncProperty(
        path,
        query,
        method,
        headers,
        body,
        async (parts, search, how, given, sent) => {
          const response = await fetch(`${ingress.url}/${parts.join("/")}${search}`, {
            method: how,
            headers: given as [string, string][],
            ...(how === "GET" ? {} : { body: sent }),
            signal: AbortSignal.timeout(5_000),
          });
          const text = await response.text();

          expect(response.status, text).not.toBe(500);
          // Connect has errors of its own for what is no request of its protocols.
          if (response.status < 400 || parts[0] === "perdure.ingress.v1.Ingress") return;
          expect(JSON.parse(text)).toEqual({
            code: response.status,
            message: expect.stringMatching(/./) as string,
            source: "ingress",
            errorCode: expect.stringMatching(/^PDR30\d\d$/) as string,
          });
        },
      ),
      { numRuns: 400 },
    );
  });
});

// What the ingress says to requests that can't be served: status, stable code, and who is to blame.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Answer, Http, RequestOptions } from "../harness/http.js";

const bed = useBed("after all");
let ingress: Http;

beforeAll(async () => {
  const { server } = await bed.serve(
    { modules: ["greeter"] },
    { flags: { "body-bytes-max": "1MiB" } },
  );
  ingress = server.ingress;
});

interface Case {
  readonly what: string;
  readonly path: string;
  readonly options?: RequestOptions;
  readonly status: number;
  readonly code: string;
  readonly says?: string;
}

const unknownId = `inv_1${"0".repeat(33)}`;
const json = { "content-type": "application/json" };
const idempotent = { headers: { "idempotency-key": "k" } };

const cases: Case[] = [
  {
    what: "an unknown service",
    path: "/restate/call/Nobody/greet",
    status: 404,
    code: "PDR3004",
    says: "Nobody",
  },
  {
    what: "an unknown service by the older path",
    path: "/Nobody/greet",
    status: 404,
    code: "PDR3004",
  },
  {
    what: "an unknown handler",
    path: "/restate/call/Greeter/shout",
    status: 404,
    code: "PDR3005",
    says: "greet",
  },
  {
    what: "an unknown handler of an object",
    path: "/restate/send/Counter/k/sub",
    status: 404,
    code: "PDR3005",
  },
  {
    what: "a service with a key",
    path: "/restate/call/Greeter/key/greet",
    status: 400,
    code: "PDR3001",
  },
  {
    what: "an object without a key",
    path: "/restate/call/Counter/add",
    status: 400,
    code: "PDR3001",
    says: "{key}",
  },
  { what: "too short a path", path: "/Greeter", status: 400, code: "PDR3001" },
  { what: "too long a path", path: "/a/b/c/d/e/f/g/h", status: 400, code: "PDR3001" },
  {
    what: "an unknown operation",
    path: "/restate/ask/Greeter/greet",
    status: 404,
    code: "PDR3002",
  },
  { what: "the openapi path", path: "/openapi/Greeter", status: 404, code: "PDR3002" },
  {
    what: "a key that can't be decoded",
    path: "/restate/call/Counter/%E0%A4%A/get",
    status: 400,
    code: "PDR3007",
  },
  {
    what: "too long a key",
    path: `/restate/call/Counter/${"k".repeat(5_000)}/get`,
    status: 400,
    code: "PDR3007",
  },
  {
    what: "a private handler",
    path: "/restate/call/Greeter/hidden",
    status: 400,
    code: "PDR3006",
    says: "not public",
  },
  { what: "a private service", path: "/restate/send/Secrets/tell", status: 400, code: "PDR3006" },
  {
    what: "a bad delay",
    path: "/restate/send/Greeter/greet?delay=soon",
    status: 400,
    code: "PDR3008",
    says: "soon",
  },
  {
    what: "a delay on a call",
    path: "/restate/call/Greeter/greet?delay=1s",
    status: 400,
    code: "PDR3009",
  },
  {
    what: "an idempotency key on a workflow's run",
    path: "/restate/call/Signup/k/run",
    options: idempotent,
    status: 400,
    code: "PDR3011",
  },
  {
    what: "a body without content type",
    path: "/restate/call/Greeter/greet",
    options: { body: '"Ada"', headers: { "content-type": "" } },
    status: 400,
    code: "PDR3012",
  },
  {
    what: "another content type",
    path: "/restate/call/Greeter/greet",
    options: { body: "Ada", headers: { "content-type": "text/plain" } },
    status: 400,
    code: "PDR3012",
    says: "text/plain",
  },
  {
    what: "a limit key",
    path: "/restate/call/Greeter/greet?limit-key=a",
    status: 400,
    code: "PDR3021",
  },
  {
    what: "an unknown invocation",
    path: `/restate/attach/${unknownId}`,
    options: { method: "GET" },
    status: 404,
    code: "PDR3016",
  },
  {
    what: "an unknown invocation's output",
    path: `/restate/output/${unknownId}`,
    options: { method: "GET" },
    status: 404,
    code: "PDR3016",
  },
  {
    what: "what is no invocation id",
    path: "/restate/attach/inv_nonsense",
    options: { method: "GET" },
    status: 400,
    code: "PDR3026",
    says: "inv_nonsense",
  },
  {
    what: "what is no awakeable id",
    path: "/restate/awakeables/sign_1nonsense/resolve",
    status: 400,
    code: "PDR3023",
    says: "sign_1nonsense",
  },
  {
    what: "the status of an unknown invocation",
    path: `/restate/status/${unknownId}`,
    options: { method: "GET" },
    status: 404,
    code: "PDR3016",
    says: unknownId,
  },
  {
    what: "a workflow key that was never submitted",
    path: "/restate/workflow/Signup/nobody/attach",
    options: { method: "GET" },
    status: 404,
    code: "PDR3016",
  },
  {
    what: "an unknown workflow",
    path: "/restate/workflow/Nobody/k/output",
    options: { method: "GET" },
    status: 404,
    code: "PDR3004",
  },
  {
    what: "an idempotency key that was never used",
    path: "/restate/invocation/Greeter/greet/never/attach",
    options: { method: "GET" },
    status: 404,
    code: "PDR3016",
  },
  {
    what: "a target that is not JSON",
    path: "/restate/attach",
    options: { body: "{", headers: json },
    status: 400,
    code: "PDR3015",
  },
  {
    what: "a target of an unknown kind",
    path: "/restate/output",
    options: { json: { target: "planet" } },
    status: 400,
    code: "PDR3015",
  },
  {
    what: "a target without a key",
    path: "/restate/attach",
    options: { json: { target: "workflow", workflowName: "Signup" } },
    status: 400,
    code: "PDR3015",
  },
  {
    what: "a GET of a lookup",
    path: "/restate/lookup",
    options: { method: "GET" },
    status: 405,
    code: "PDR3003",
  },
  {
    what: "a POST of an attach by id",
    path: `/restate/attach/${unknownId}`,
    status: 405,
    code: "PDR3003",
  },
  {
    what: "a PUT of a call",
    path: "/restate/call/Greeter/greet",
    options: { method: "PUT" },
    status: 405,
    code: "PDR3003",
  },
  {
    what: "a DELETE of a call",
    path: "/Greeter/greet",
    options: { method: "DELETE" },
    status: 405,
    code: "PDR3003",
  },
  {
    what: "an unknown method of the contract",
    path: "/perdure.ingress.v1.Ingress/Guess",
    status: 404,
    code: "PDR3002",
  },
  {
    what: "a bad scope",
    path: "/restate/scope/a%20b/call/Greeter/greet",
    status: 400,
    code: "PDR3024",
    says: "a b",
  },
  {
    what: "a bad limit key",
    path: "/restate/scope/s/call/Greeter/greet?limit-key=a/b/c",
    status: 400,
    code: "PDR3025",
    says: "a/b/c",
  },
  {
    what: "a contract that is not there yet",
    path: "/dev.restate.ingress.ingestion.v1.IngestionSvc/Ingest",
    status: 501,
    code: "PDR3020",
  },
];

describe("the ingress refuses", () => {
  test.each(cases)("$what: $status $code", async ({ path, options, status, code, says = "" }) => {
    const answer = await ingress.send(path, options ?? {});

    expect(answer).toMatchObject({
      status,
      json: { code: status, source: "ingress", errorCode: code },
    });
    expect(answer.json.message).toContain(says);
    expect(answer.headers.get("x-restate-error-source")).toBe("ingress");
  });

  test("a body over the limit, announced or not: 413", async () => {
    const body = new Uint8Array(1024 * 1024 + 1);
    const headers = { "content-type": "application/octet-stream" };
    const streamed = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < body.length; sent += 64 * 1024) {
          controller.enqueue(body.subarray(sent, sent + 64 * 1024));
        }
        controller.close();
      },
    });

    const announced = await ingress.send("/restate/call/Greeter/echo", { body, headers });
    const chunked = await fetch(`${ingress.url}/restate/call/Greeter/echo`, {
      method: "POST",
      body: streamed,
      headers,
      duplex: "half",
    } as RequestInit);

    const largest = { body: body.subarray(1), headers };
    const most = await ingress.send("/restate/call/Greeter/echo", largest);

    expect(announced).toMatchObject({ status: 413, json: { errorCode: "PDR3014" } });
    expect(chunked.status).toBe(413);
    expect(most.status).toBe(200);
  });

  test("says which methods a path takes", async () => {
    const answer = await ingress.send("/restate/call/Greeter/greet", { method: "PATCH" });

    expect(answer.headers.get("allow")).toBe("GET, POST");
  });
});

describe("bad input", () => {
  test("that is not what the handler's serde reads ends the call, since no retry can mend it", async () => {
    const answer = await ingress.send("/restate/call/Greeter/greet", {
      body: "{not json",
      headers: json,
    });

    expect(answer).toMatchObject({ status: 400, json: { code: 400, source: "invocation" } });
    expect(answer.json.message).toMatch(/JSON/);
  });

  test("leaves the server as it was", async () => {
    const answers: Answer[] = await Promise.all(
      ["one", "two", "three"].map((name) => ingress.post("/restate/call/Greeter/greet", name)),
    );

    expect(answers.map(({ json: said }) => said)).toEqual(["Hi one", "Hi two", "Hi three"]);
  });
});

// What callers of the field's systems rely on when something goes wrong, as a table: each situation, with the exact
// status and body that clients are written against. Our own member of the body is `errorCode`.

import { create } from "@bufbuild/protobuf";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import { describe, expect, test } from "vitest";
import { createRegistryView } from "../shard/registry-view.js";
import { Overloaded, Unavailable } from "../shard/invocations.js";
import { awakeableId, unknownId, useIngress, type Asked } from "./conformance.fixture.js";
import { testDeployment, TestFailure } from "./ingress.fixture.js";
import type { MemoryInvocations } from "./ingress.fixture.js";
import type { IngressOptions } from "./start-ingress.js";

const { open, ask } = useIngress();

interface Refusal {
  readonly situation: string;
  readonly asked: Asked;
  readonly status: number;
  readonly errorCode: string;
  /** Names what was wrong. */
  readonly says: RegExp;
  readonly source?: "invocation";
  readonly more?: object;
  readonly options?: Partial<IngressOptions>;
  readonly given?: (invocations: MemoryInvocations) => void | Promise<unknown>;
}

const greet = { path: "/restate/call/Greeter/greet", json: "Ada" };
const scoped = "/restate/scope/s/call/Greeter/greet";

function failing(failure: TestFailure): (invocations: MemoryInvocations) => void {
  return (invocations) => {
    invocations.handler = () => Promise.reject(failure);
  };
}

const tooOld = createRegistryView([
  testDeployment,
  create(DeploymentSchema, {
    id: "dp_1old",
    minProtocolVersion: 0,
    maxProtocolVersion: 0,
    manifest: {
      services: [
        {
          name: "Old",
          kind: ServiceKind.SERVICE,
          handlers: [{ name: "greet", kind: HandlerKind.SHARED }],
        },
      ],
    },
    revisions: { Old: 1 },
  }),
]);

const refusals: readonly Refusal[] = [
  {
    situation: "unknown service",
    asked: { path: "/restate/call/Nobody/greet" },
    status: 404,
    errorCode: "PDR3004",
    says: /"Nobody"/,
  },
  {
    situation: "unknown service, older path",
    asked: { path: "/Nobody/greet" },
    status: 404,
    errorCode: "PDR3004",
    says: /"Nobody"/,
  },
  {
    situation: "unknown handler",
    asked: { path: "/restate/call/Greeter/shout" },
    status: 404,
    errorCode: "PDR3005",
    says: /"shout".*"Greeter"/,
  },
  {
    situation: "unknown invocation",
    asked: { method: "GET", path: `/restate/attach/${unknownId}` },
    status: 404,
    errorCode: "PDR3016",
    says: /^invocation not found.*inv_1000/,
  },
  {
    situation: "unknown workflow key",
    asked: { method: "GET", path: "/restate/workflow/Signup/nobody/output" },
    status: 404,
    errorCode: "PDR3016",
    says: /^invocation not found.*"Signup".*"nobody"/,
  },
  {
    situation: "unknown idempotency key",
    asked: { method: "GET", path: "/restate/invocation/Greeter/greet/k9/attach" },
    status: 404,
    errorCode: "PDR3016",
    says: /^invocation not found.*"k9"/,
  },
  {
    situation: "malformed invocation id",
    asked: { method: "GET", path: "/restate/attach/inv_unknown" },
    status: 400,
    errorCode: "PDR3026",
    says: /"inv_unknown"/,
  },
  {
    situation: "malformed awakeable id",
    asked: { path: "/restate/awakeables/sign_1abc/resolve", body: "1" },
    status: 400,
    errorCode: "PDR3023",
    says: /"sign_1abc"/,
  },
  {
    situation: "output not ready",
    asked: { method: "GET", path: "/restate/workflow/Signup/u1/output" },
    given: async (invocations) => {
      invocations.handler = () => new Promise(() => {});
      await ask({ path: "/restate/send/Signup/u1/run", json: 1 });
    },
    status: 470,
    errorCode: "PDR3017",
    says: /^the invocation exists but has not completed yet$/,
  },
  {
    situation: "malformed path",
    asked: { path: "/restate/call/Greeter" },
    status: 400,
    errorCode: "PDR3001",
    says: /^bad path: \/restate\/call\/Greeter/,
  },
  {
    situation: "too short a path",
    asked: { path: "/Greeter" },
    status: 400,
    errorCode: "PDR3001",
    says: /^bad path: \/Greeter/,
  },
  {
    situation: "too long a path",
    asked: { path: "/1/2/3/4/5/6/7/8" },
    status: 400,
    errorCode: "PDR3001",
    says: /^bad path/,
  },
  {
    situation: "openapi",
    asked: { method: "GET", path: "/openapi/Greeter" },
    status: 404,
    errorCode: "PDR3002",
    says: /\/openapi\/Greeter/,
  },
  {
    situation: "private handler",
    asked: { path: "/restate/call/Greeter/hidden" },
    status: 400,
    errorCode: "PDR3006",
    says: /^the invoked service is not public.*Greeter\/hidden/,
  },
  {
    situation: "undecodable key",
    asked: { path: "/restate/call/Counter/%ff/add" },
    status: 400,
    errorCode: "PDR3007",
    says: /"%ff"/,
  },
  {
    situation: "bad delay",
    asked: { path: "/restate/send/Greeter/greet?delay=soon" },
    status: 400,
    errorCode: "PDR3008",
    says: /"soon"/,
  },
  {
    situation: "delay on a call",
    asked: { path: "/restate/call/Greeter/greet?delay=1s" },
    status: 400,
    errorCode: "PDR3009",
    says: /"1s"/,
  },
  {
    situation: "idempotency key on a workflow's run",
    asked: { path: "/restate/call/Signup/u1/run", headers: { "idempotency-key": "k1" } },
    status: 400,
    errorCode: "PDR3011",
    says: /"k1".*"Signup"/,
  },
  {
    situation: "another content type",
    asked: { ...greet, headers: { "content-type": "text/plain" } },
    status: 400,
    errorCode: "PDR3012",
    says: /"greet" of "Greeter" expects content-type application\/json, got "text\/plain"/,
  },
  {
    situation: "a body without a content type",
    asked: { path: greet.path, body: '"Ada"', headers: { "content-type": "" } },
    status: 400,
    errorCode: "PDR3012",
    says: /content-type/,
  },
  {
    situation: "a body where none is taken",
    asked: { path: "/restate/call/Greeter/nothing", json: 1 },
    status: 400,
    errorCode: "PDR3012",
    says: /"nothing" of "Greeter" takes no input/,
  },
  {
    situation: "no body where one is required",
    asked: { path: "/restate/call/Greeter/strict" },
    status: 400,
    errorCode: "PDR3012",
    says: /"strict" of "Greeter"/,
  },
  {
    situation: "a header that is not ASCII",
    asked: { ...greet, headers: { "x-name": "é" } },
    status: 400,
    errorCode: "PDR3013",
    says: /"x-name"/,
  },
  {
    situation: "deployment of a protocol that is given up",
    asked: { path: "/restate/call/Old/greet" },
    options: { registry: () => tooOld },
    status: 400,
    errorCode: "PDR3027",
    says: /"Old".*dp_1old/,
  },
  {
    situation: "bad scope",
    asked: { path: "/restate/scope/a%20b/call/Greeter/greet" },
    status: 400,
    errorCode: "PDR3024",
    says: /"a b"/,
  },
  {
    situation: "limit key without a scope",
    asked: { path: `${greet.path}?limit-key=gold` },
    status: 400,
    errorCode: "PDR3021",
    says: /^a limit key requires a scope.*"gold"/,
  },
  {
    situation: "bad limit key",
    asked: { path: scoped, headers: { "x-restate-limit-key": "a/b/c" } },
    status: 400,
    errorCode: "PDR3025",
    says: /"a\/b\/c"/,
  },
  {
    situation: "malformed target",
    asked: { path: "/restate/attach", body: "{" },
    status: 400,
    errorCode: "PDR3015",
    says: /^cannot read body/,
  },
  ...(
    [
      ["PUT", "/restate/call/Greeter/greet"],
      ["DELETE", "/Greeter/greet/send"],
      ["PATCH", scoped],
      ["GET", `/restate/awakeables/${awakeableId}/resolve`],
      ["GET", "/restate/lookup"],
      ["GET", "/restate/status"],
      ["POST", `/restate/attach/${unknownId}`],
      ["POST", `/restate/output/${unknownId}`],
      ["POST", `/restate/status/${unknownId}`],
      ["POST", "/restate/health"],
    ] as const
  ).map(([method, path]) => ({
    situation: `${method} of ${path}`,
    asked: { method, path },
    status: 405,
    errorCode: "PDR3003",
    says: new RegExp(`method ${method} not allowed`),
  })),
  {
    situation: "body too large",
    asked: { ...greet, json: "x".repeat(2_000) },
    options: { bodyBytesMax: 1_000 },
    status: 413,
    errorCode: "PDR3014",
    says: /1000 bytes/,
  },
  {
    situation: "overload of the engine",
    asked: greet,
    given: (invocations) => {
      invocations.refusal = new Overloaded("too much is queued", 2);
    },
    status: 429,
    errorCode: "PDR3018",
    says: /queued/,
  },
  {
    situation: "an engine that can take nothing now",
    asked: greet,
    given: (invocations) => {
      invocations.refusal = new Unavailable("PDR1105", "the disk is full; safe to retry");
    },
    status: 503,
    errorCode: "PDR1105",
    says: /safe to retry/,
  },
  {
    situation: "recovery",
    asked: greet,
    options: { ready: () => false },
    status: 503,
    errorCode: "PDR3019",
    says: /safe to retry/,
  },
  {
    situation: "a handler's terminal error",
    asked: greet,
    given: failing(new TestFailure(422, "no", { a: "1" })),
    status: 422,
    source: "invocation",
    errorCode: "PDR3030",
    says: /^no$/,
    more: { metadata: { a: "1" } },
  },
  {
    situation: "a handler's terminal error without a code",
    asked: greet,
    given: failing(new TestFailure(500, "no")),
    status: 500,
    source: "invocation",
    errorCode: "PDR3030",
    says: /^no$/,
  },
  ...["canceled", "Cancelled", "killed"].map((message) => ({
    situation: `${message} invocation`,
    asked: greet,
    given: failing(new TestFailure(409, message)),
    status: 409,
    source: "invocation" as const,
    errorCode: "PDR3030",
    says: new RegExp(`^${message}$`),
  })),
  {
    situation: "gone invocation",
    asked: greet,
    given: failing(new TestFailure(410, "gone")),
    status: 410,
    source: "invocation",
    errorCode: "PDR3030",
    says: /^gone$/,
  },
  {
    situation: "workflow that was run before",
    asked: { path: "/restate/call/Signup/u1/run", json: 1 },
    given: () => ask({ path: "/restate/call/Signup/u1/run", json: 1 }),
    status: 409,
    source: "invocation",
    errorCode: "PDR3031",
    says: /^the workflow method was already invoked$/,
  },
];

describe("errors", () => {
  test.each(refusals)("$situation: $status $errorCode", async (refusal) => {
    const { asked, status, errorCode, says, source = "ingress", more = {} } = refusal;
    const invocations = await open(refusal.options);
    await refusal.given?.(invocations);
    const origin = "https://shop.example";

    const answer = await ask({ ...asked, headers: { ...asked.headers, origin } });

    expect(answer.status, answer.body).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({
      code: status,
      message: expect.stringMatching(says) as string,
      source,
      errorCode,
      ...more,
    });
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("x-restate-error-source")).toBe(source);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.has("x-restate-id")).toBe(source === "invocation");
    expect(answer.headers.has("allow")).toBe(status === 405);
    const isForLater = status === 429 || errorCode === "PDR3019";
    expect(answer.headers.has("retry-after")).toBe(isForLater);
  });
});

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Client, Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { FailureDetailSchema, Ingress, Stage } from "@perdure/proto/ingress/v1/ingress";
import type { CallRequestSchema } from "@perdure/proto/ingress/v1/ingress";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Overloaded, Unavailable } from "../shard/invocations.js";
import { openTestIngress, TestFailure } from "./ingress.fixture.js";
import type { TestIngress } from "./ingress.fixture.js";

const transports: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  [
    "Connect with JSON over HTTP/1.1",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  ],
  ["Connect over HTTP/2", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web over HTTP/1.1", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
];

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

async function errorOf(answer: Promise<unknown>): Promise<ConnectError> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

const greet = { service: "Greeter", handler: "greet" };

describe.each(transports)("%s", (_name, transportTo) => {
  let ingress: TestIngress;
  let client: Client<typeof Ingress>;
  beforeEach(async () => {
    ingress = await openTestIngress({ bodyBytesMax: 1_000 });
    client = createClient(Ingress, transportTo(ingress.url));
  });
  afterEach(() => ingress.port.close());

  test("calls a handler and gets its bytes", async () => {
    const response = await client.call({
      target: { service: "Counter", handler: "add", key: "a/b é" },
      parameter: bytes('"Ada"'),
      headers: { "X-Custom": "1" },
    });

    expect(text(response.result)).toBe('"Ada"');
    expect(response.invocationId).toMatch(/^inv_1/);
    const [request] = ingress.invocations.submitted;
    expect(request?.key).toBe("a/b é");
    expect(request?.headers).toMatchObject([
      { name: "x-custom", value: "1" },
      { name: "content-type", value: "application/json" },
    ]);
  });

  test("sends, and is told when it was sent before", async () => {
    const request = {
      target: { service: "Greeter", handler: "greet" },
      parameter: bytes('"Ada"'),
      idempotencyKey: "k1",
      delayMs: 5_000n,
    };

    const first = await client.send(request);
    const second = await client.send(request);

    expect(first.newlyAccepted).toBe(true);
    expect(first.executionTimeMs).toBe(BigInt(Date.UTC(2026, 0, 1) + 5_000));
    expect(second).toMatchObject({ invocationId: first.invocationId, newlyAccepted: false });
    expect(second.executionTimeMs).toBeUndefined();
  });

  test("attaches, looks and looks up by every name of an invocation", async () => {
    let finish: (value: Uint8Array) => void = () => {};
    ingress.invocations.handler = () => new Promise((resolve) => (finish = resolve));
    const target = { service: "Signup", handler: "run", key: "u1" };
    const { invocationId } = await client.send({ target });
    const workflow = { case: "workflow", value: { workflow: "Signup", key: "u1" } } as const;
    const byId = { case: "invocationId", value: invocationId } as const;

    const before = await client.output({ invocation: { target: workflow } });
    const attached = client.attach({ invocation: { target: byId } });
    finish(bytes("7"));

    expect(before).toMatchObject({ invocationId, ready: false });
    expect(text((await attached).result)).toBe("7");
    const after = await client.output({ invocation: { target: byId } });
    expect(after).toMatchObject({ invocationId, ready: true });
    expect(text(after.result)).toBe("7");
    const found = await client.lookup({ invocation: { target: workflow } });
    expect(found.invocationId).toBe(invocationId);
  });

  test("keeps what is submitted in one scope apart from what is outside of it", async () => {
    const target = { service: "Signup", handler: "run", key: "u1", scope: "a", limitKey: "gold/x" };
    const { invocationId } = await client.send({ target });
    await client.send({
      target: { service: "Greeter", handler: "greet", scope: "a" },
      idempotencyKey: "k1",
    });
    const workflow = { workflow: "Signup", key: "u1" };
    const idempotent = { service: "Greeter", handler: "greet", idempotencyKey: "k1" };

    const inScope = await client.attach({
      invocation: { target: { case: "workflow", value: { ...workflow, scope: "a" } } },
    });
    const outside = await Promise.all([
      errorOf(client.attach({ invocation: { target: { case: "workflow", value: workflow } } })),
      errorOf(client.attach({ invocation: { target: { case: "idempotent", value: idempotent } } })),
    ]);

    expect(inScope.invocationId).toBe(invocationId);
    expect(outside.map((error) => error.code)).toEqual([Code.NotFound, Code.NotFound]);
    await client.attach({
      invocation: { target: { case: "idempotent", value: { ...idempotent, scope: "a" } } },
    });
    expect(ingress.invocations.submitted).toMatchObject([
      { scope: "a", limitKey: "gold/x" },
      { scope: "a" },
    ]);
  });

  test("says how far an invocation is", async () => {
    ingress.invocations.handler = () => Promise.reject(new TestFailure(422, "no", { a: "1" }));
    const later = await client.send({ target: greet, delayMs: 5_000n });
    const failed = await client.send({ target: greet });

    const [created, completed] = await Promise.all(
      [later, failed].map(({ invocationId }) =>
        client.status({ invocation: { target: { case: "invocationId", value: invocationId } } }),
      ),
    );

    expect(created).toMatchObject({ invocationId: later.invocationId, stage: Stage.CREATED });
    expect(created?.failure).toBeUndefined();
    expect(completed).toMatchObject({
      stage: Stage.COMPLETED,
      failure: { code: 422, message: "no", metadata: { a: "1" } },
    });
  });

  test("passes the caller's trace on, and no header that is the ingress's own", async () => {
    await client.call(
      {
        target: greet,
        headers: { "x-restate-id": "x", Host: "x", "Idempotency-Key": "x", a: "1" },
      },
      { headers: { traceparent: "00-1-2-01", tracestate: "a=b", "x-other": "x" } },
    );

    expect(ingress.invocations.submitted[0]?.headers).toMatchObject([
      { name: "a", value: "1" },
      { name: "traceparent", value: "00-1-2-01" },
      { name: "tracestate", value: "a=b" },
    ]);
  });

  test("more requests than are served at the same time are RESOURCE_EXHAUSTED", async () => {
    const small = await openTestIngress({ requestsMax: 1 });
    const caller = createClient(Ingress, transportTo(small.url));
    let finish: (value: Uint8Array) => void = () => {};
    small.invocations.handler = () => new Promise((resolve) => (finish = resolve));
    const first = caller.call({ target: greet });
    await expect.poll(() => small.invocations.submitted.length).toBe(1);

    const error = await errorOf(caller.call({ target: greet }));
    finish(bytes("1"));
    await first;

    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.metadata.get("x-perdure-error-code")).toBe("PDR3018");
    expect(error.metadata.get("retry-after")).toBe("1");
    await small.port.close();
  });

  test("a handler's failure comes with its detail", async () => {
    ingress.invocations.handler = () => Promise.reject(new TestFailure(422, "no", { a: "1" }));

    const error = await errorOf(client.call({ target: { service: "Greeter", handler: "greet" } }));

    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toBe("no");
    expect(error.findDetails(FailureDetailSchema)).toMatchObject([
      { code: 422, message: "no", metadata: { a: "1" } },
    ]);
    expect(error.metadata.get("x-restate-error-source")).toBe("invocation");
    expect(error.metadata.get("x-perdure-error-code")).toBe("PDR3030");
  });

  test("a workflow that was already run is ALREADY_EXISTS", async () => {
    const target = { service: "Signup", handler: "run", key: "u1" };
    await client.call({ target });

    const error = await errorOf(client.call({ target }));

    expect(error.code).toBe(Code.AlreadyExists);
    expect(error.metadata.get("x-perdure-error-code")).toBe("PDR3031");
    expect(error.findDetails(FailureDetailSchema)).toMatchObject([{ code: 409 }]);
  });

  type Call = MessageInitShape<typeof CallRequestSchema>;
  test.each<readonly [string, Call, Code, string]>([
    ["no target", {}, Code.NotFound, "PDR3004"],
    ["an unknown service", { target: { ...greet, service: "X" } }, Code.NotFound, "PDR3004"],
    ["an unknown handler", { target: { ...greet, handler: "x" } }, Code.NotFound, "PDR3005"],
    ["a private one", { target: { ...greet, handler: "hidden" } }, Code.InvalidArgument, "PDR3006"],
    ["a key too many", { target: { ...greet, key: "k" } }, Code.InvalidArgument, "PDR3007"],
    [
      "a key too few",
      { target: { service: "Counter", handler: "add" } },
      Code.InvalidArgument,
      "PDR3007",
    ],
    [
      "a long key",
      { target: { service: "Counter", handler: "add", key: "é".repeat(257) } },
      Code.InvalidArgument,
      "PDR3007",
    ],
    ["a bad scope", { target: { ...greet, scope: "" } }, Code.InvalidArgument, "PDR3024"],
    [
      "a limit key without a scope",
      { target: { ...greet, limitKey: "a" } },
      Code.InvalidArgument,
      "PDR3021",
    ],
    [
      "a bad limit key",
      { target: { ...greet, scope: "a", limitKey: "a/b/c" } },
      Code.InvalidArgument,
      "PDR3025",
    ],
    [
      "an empty idempotency key",
      { target: greet, idempotencyKey: "" },
      Code.InvalidArgument,
      "PDR3010",
    ],
    [
      "an idempotency key on a run",
      { target: { service: "Signup", handler: "run", key: "k" }, idempotencyKey: "k" },
      Code.InvalidArgument,
      "PDR3011",
    ],
    [
      "a wrong content type",
      { target: greet, contentType: "text/plain", parameter: bytes("x") },
      Code.InvalidArgument,
      "PDR3012",
    ],
    ["a bad header", { target: greet, headers: { x: "é" } }, Code.InvalidArgument, "PDR3013"],
    [
      "a large parameter",
      { target: greet, parameter: new Uint8Array(1_001) },
      Code.ResourceExhausted,
      "PDR3014",
    ],
  ])("%s is refused with a code", async (_what, request, code, errorCode) => {
    const error = await errorOf(client.call(request));

    expect(error.code).toBe(code);
    expect(error.metadata.get("x-perdure-error-code")).toBe(errorCode);
    expect(error.findDetails(FailureDetailSchema)).toEqual([]);
    expect(ingress.invocations.submitted).toHaveLength(0);
  });

  test("a delay of more than a hundred years is refused", async () => {
    const error = await errorOf(client.send({ target: greet, delayMs: 10n ** 15n }));

    expect(error.metadata.get("x-perdure-error-code")).toBe("PDR3008");
  });

  test("an invocation that is not there is NOT_FOUND, none at all INVALID_ARGUMENT", async () => {
    const workflow = { case: "workflow", value: { workflow: "Signup", key: "nobody" } } as const;
    const malformed = { case: "invocationId", value: "inv_x" } as const;

    const errors = await Promise.all([
      errorOf(client.attach({ invocation: { target: workflow } })),
      errorOf(client.output({ invocation: { target: workflow } })),
      errorOf(client.status({ invocation: { target: workflow } })),
      errorOf(client.attach({ invocation: { target: malformed } })),
      errorOf(client.attach({})),
    ]);

    expect(errors.map((error) => error.code)).toEqual([
      Code.NotFound,
      Code.NotFound,
      Code.NotFound,
      Code.InvalidArgument,
      Code.InvalidArgument,
    ]);
    expect(errors.map(({ metadata }) => metadata.get("x-perdure-error-code"))).toEqual([
      "PDR3016",
      "PDR3016",
      "PDR3016",
      "PDR3026",
      "PDR3015",
    ]);
  });

  test("overload is RESOURCE_EXHAUSTED with a time to wait, a full disk UNAVAILABLE", async () => {
    ingress.invocations.refusal = new Overloaded("too much queued", 2);
    const overloaded = await errorOf(client.call({ target: greet }));
    ingress.invocations.refusal = new Unavailable("PDR2001", "the disk is full");
    const unavailable = await errorOf(client.call({ target: greet }));

    expect(overloaded.code).toBe(Code.ResourceExhausted);
    expect(overloaded.metadata.get("retry-after")).toBe("2");
    expect(unavailable.code).toBe(Code.Unavailable);
    expect(unavailable.metadata.get("x-perdure-error-code")).toBe("PDR2001");
  });

  test("a deadline that passes ends the wait", async () => {
    ingress.invocations.handler = () => new Promise(() => {});
    const aborted = ingress.invocations.nextAbort();

    const error = await errorOf(client.call({ target: greet }, { timeoutMs: 50 }));

    expect(error.code).toBe(Code.DeadlineExceeded);
    await aborted;
  });
});

test("a deadline that has passed before the method is called submits nothing, and is answered", async () => {
  const ingress = await openTestIngress();
  const headers = {
    "content-type": "application/json",
    "connect-protocol-version": "1",
    "connect-timeout-ms": "0",
  };
  const url = `${ingress.url}/perdure.ingress.v1.Ingress/Call`;

  const response = await fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ target: greet }),
  });

  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
  expect(ingress.invocations.submitted).toHaveLength(0);
  await ingress.port.close();
});

test("before recovery is complete every method is UNAVAILABLE", async () => {
  const ingress = await openTestIngress({ ready: () => false });
  const client = createClient(Ingress, createGrpcTransport({ baseUrl: ingress.url }));
  const invocation = {
    target: { case: "workflow", value: { workflow: "Signup", key: "u" } } as const,
  };

  const errors = await Promise.all([
    errorOf(client.call({})),
    errorOf(client.send({})),
    errorOf(client.attach({ invocation })),
    errorOf(client.output({ invocation })),
    errorOf(client.status({ invocation })),
    errorOf(client.lookup({ invocation })),
  ]);

  for (const error of errors) {
    expect(error.code).toBe(Code.Unavailable);
    expect(error.metadata.get("x-perdure-error-code")).toBe("PDR3019");
  }
  await ingress.port.close();
});

test("a page of another origin may call it with Connect", async () => {
  const ingress = await openTestIngress();

  const response = await fetch(`${ingress.url}/perdure.ingress.v1.Ingress/Call`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: "https://shop.example" },
    body: JSON.stringify({ target: { service: "Greeter", handler: "greet" } }),
  });

  expect(response.status).toBe(200);
  expect(response.headers.get("access-control-allow-origin")).toBe("https://shop.example");
  expect(response.headers.get("access-control-expose-headers")).toContain("grpc-status");
  await ingress.port.close();
});

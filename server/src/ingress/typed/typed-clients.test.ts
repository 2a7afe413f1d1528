// Typed services as clients with generated code see them, over every protocol.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Transport } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { FailureDetailSchema } from "@perdure/proto/ingress/v1/ingress";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Overloaded } from "../../shard/invocations.js";
import { TestFailure } from "../ingress.fixture.js";
import type { TestIngress } from "../ingress.fixture.js";
import { openTypedIngress, tourService } from "./typed.fixture.js";

const gzip = { sendCompression: compressionGzip, compressMinBytes: 1 };

const transports: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  [
    "Connect with JSON over HTTP/1.1",
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  ],
  ["Connect over HTTP/1.1", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect over HTTP/2", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })],
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  [
    "gRPC with JSON and gzip",
    (baseUrl) => createGrpcTransport({ baseUrl, useBinaryFormat: false, ...gzip }),
  ],
  ["gRPC-Web over HTTP/1.1", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["gRPC-Web over HTTP/2", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" })],
];

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** What a response of one of the services may have. */
interface AnyResponse {
  readonly output?: unknown;
  readonly invocationId: string;
  readonly newlyAccepted?: boolean;
  readonly ready?: boolean;
  readonly executionTime?: { readonly seconds: bigint };
}
type AnyRequest = Readonly<Record<string, unknown>>;
interface CallOptions {
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onHeader?: (headers: Headers) => void;
}
type AnyClient = Readonly<
  Record<string, (request: AnyRequest, options?: CallOptions) => Promise<AnyResponse>>
>;

function clientOf(transport: Transport, name: Parameters<typeof tourService>[0]): AnyClient {
  return createClient(tourService(name), transport) as unknown as AnyClient;
}

async function errorOf(answer: Promise<unknown> | undefined): Promise<ConnectError> {
  const error: unknown = await answer?.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

function errorCodeOf(error: ConnectError): string | null {
  return error.metadata.get("x-perdure-error-code");
}

describe.each(transports)("%s", (_name, transportTo) => {
  let ingress: TestIngress;
  let transport: Transport;
  let greeter: AnyClient;
  let counter: AnyClient;
  let signup: AnyClient;
  const hello = bytes("hello");
  beforeEach(async () => {
    ingress = await openTypedIngress({ bodyBytesMax: 20_000 });
    ingress.invocations.handler = () => Promise.resolve(hello);
    transport = transportTo(ingress.url);
    greeter = clientOf(transport, "Greeter");
    counter = clientOf(transport, "Counter");
    signup = clientOf(transport, "UserSignup");
  });
  afterEach(() => ingress.port.close());

  test("calls a handler, which sees what a JSON caller would have sent", async () => {
    let headers: Headers | undefined;
    const response = await greeter["greet"]?.(
      { input: { name: "Ada é" } },
      {
        headers: { "x-custom": "1", traceparent: "00-1-2-01" },
        timeoutMs: 60_000,
        onHeader: (all) => (headers = all),
      },
    );

    expect(response).toMatchObject({ output: "hello", newlyAccepted: false });
    expect(response?.invocationId).toMatch(/^inv_1/);
    expect(headers?.get("x-restate-id")).toBe(response?.invocationId);
    const [request] = ingress.invocations.submitted;
    expect(text(request?.parameter)).toBe('{"name":"Ada é"}');
    expect(request).toMatchObject({ key: undefined, idempotencyKey: undefined, delayMs: 0 });
    expect(request?.service.service.name).toBe("greeter");
    const forwarded = new Map(request?.headers.map(({ name, value }) => [name, value]));
    expect(forwarded.get("x-custom")).toBe("1");
    expect(forwarded.get("traceparent")).toBe("00-1-2-01");
    expect(forwarded.get("content-type")).toBe("application/json");
    const protocols = [...forwarded.keys()].filter((name) =>
      /^(connect-|grpc-|te$|content-(length|encoding)|accept-encoding|x-perdure-|host)/.test(name),
    );
    expect(protocols).toEqual([]);
  });

  test("key, idempotency key, scope and limit key are fields", async () => {
    ingress.invocations.handler = () => Promise.resolve(bytes(7));
    const input = { idempotencyKey: "i", scope: "a", limitKey: "gold" };
    const response = await counter["add"]?.({ key: "a/b é", input: 3, ...input });

    expect(response?.output).toBe(7);
    expect(ingress.invocations.submitted).toMatchObject([{ key: "a/b é", ...input }]);
    expect(text(ingress.invocations.submitted[0]?.parameter)).toBe("3");
  });

  test("or headers, or both where they agree", async () => {
    ingress.invocations.handler = () => Promise.resolve(bytes(7));
    const headers = {
      "x-perdure-key": "k",
      "idempotency-key": "i",
      "x-perdure-scope": "a",
      "x-restate-limit-key": "gold",
    };
    await counter["add"]?.({ input: 3 }, { headers });
    await counter["add"]?.(
      { key: "k", input: 3, idempotencyKey: "j", scope: "a" },
      { headers: { ...headers, "idempotency-key": "j" } },
    );

    const both = { key: "k", scope: "a", limitKey: "gold" };
    expect(ingress.invocations.submitted).toMatchObject([
      { ...both, idempotencyKey: "i" },
      { ...both, idempotencyKey: "j" },
    ]);
  });

  test.each([
    ["key", { key: "k" }, { "x-perdure-key": "j" }],
    ["idempotency key", { idempotencyKey: "k" }, { "idempotency-key": "j" }],
    ["scope", { scope: "k" }, { "x-perdure-scope": "j" }],
    ["limit key", { scope: "a", limitKey: "k" }, { "x-restate-limit-key": "j" }],
    ["delay", { delay: { seconds: 1n } }, { "x-perdure-delay": "2s" }],
  ])(
    "a %s that is one thing as a field and another as a header",
    async (_what, fields, headers) => {
      const error = await errorOf(counter["add"]?.({ key: "k", input: 1, ...fields }, { headers }));

      expect(error.code).toBe(Code.InvalidArgument);
      expect(errorCodeOf(error)).toBe("PDR3028");
      expect(ingress.invocations.submitted).toHaveLength(0);
    },
  );

  test("a delay, even none, is answered once it is submitted", async () => {
    ingress.invocations.handler = () => new Promise(() => {});
    const field = await greeter["greet"]?.({ input: { name: "a" }, delay: { seconds: 5n } });
    const header = await greeter["greet"]?.(
      { input: { name: "a" } },
      { headers: { "x-perdure-delay": "0ms" } },
    );

    expect(field).toMatchObject({ newlyAccepted: true });
    expect(field?.executionTime?.seconds).toBe(BigInt(Date.UTC(2026, 0, 1) / 1000 + 5));
    expect(header).toMatchObject({ newlyAccepted: true });
    expect(header?.executionTime).toBeUndefined();
    expect(ingress.invocations.submitted.map(({ delayMs }) => delayMs)).toEqual([5_000, 0]);
  });

  test("a workflow is submitted, looked at, attached to, and not submitted twice", async () => {
    let finish: (value: Uint8Array) => void = () => {};
    ingress.invocations.handler = () => new Promise((resolve) => (finish = resolve));
    const first = await signup["submit"]?.({ key: "u1", input: { name: "Ada" } });
    const second = await signup["submit"]?.({ key: "u1", input: { name: "Ada" } });
    const before = await signup["output"]?.({ key: "u1" });
    const attached = signup["attach"]?.({ key: "u1" });
    finish(bytes("welcome"));

    const invocationId = first?.invocationId;
    expect(first?.newlyAccepted).toBe(true);
    expect(second).toMatchObject({ invocationId, newlyAccepted: false });
    expect(before).toMatchObject({ invocationId, ready: false });
    expect(before?.output).toBeUndefined();
    expect(await attached).toMatchObject({ invocationId, output: "welcome" });
    const after = await signup["output"]?.({}, { headers: { "x-perdure-key": "u1" } });
    expect(after).toMatchObject({ invocationId, ready: true, output: "welcome" });
    const again = await errorOf(signup["run"]?.({ key: "u1", input: { name: "Ada" } }));
    expect(again.code).toBe(Code.AlreadyExists);
    expect(errorCodeOf(again)).toBe("PDR3031");
  });

  test("a handler's failure comes with its detail", async () => {
    const failure = new TestFailure(422, "no: 100 % é", { a: "1" });
    ingress.invocations.handler = () => Promise.reject(failure);

    const error = await errorOf(greeter["greet"]?.({ input: { name: "a" } }));

    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toBe("no: 100 % é");
    expect(error.findDetails(FailureDetailSchema)).toMatchObject([
      { code: 422, message: "no: 100 % é", metadata: { a: "1" } },
    ]);
    expect(error.metadata.get("x-restate-error-source")).toBe("invocation");
    expect(errorCodeOf(error)).toBe("PDR3030");
  });

  test.each<
    readonly [
      string,
      "greet" | "hidden" | "add" | "submit" | "run" | "attach" | "output",
      AnyRequest,
      Record<string, string>,
      Code,
      string,
    ]
  >([
    ["no key", "add", { input: 1 }, {}, Code.InvalidArgument, "PDR3007"],
    [
      "a key too many",
      "greet",
      { input: {} },
      { "x-perdure-key": "k" },
      Code.InvalidArgument,
      "PDR3007",
    ],
    ["a long key", "add", { key: "é".repeat(257) }, {}, Code.InvalidArgument, "PDR3007"],
    ["no workflow key", "output", {}, {}, Code.InvalidArgument, "PDR3007"],
    ["a private handler", "hidden", {}, {}, Code.InvalidArgument, "PDR3006"],
    ["a bad scope", "add", { key: "k", scope: "" }, {}, Code.InvalidArgument, "PDR3024"],
    [
      "a limit key without a scope",
      "add",
      { key: "k", limitKey: "a" },
      {},
      Code.InvalidArgument,
      "PDR3021",
    ],
    [
      "a bad limit key",
      "add",
      { key: "k", scope: "a", limitKey: "a/b/c" },
      {},
      Code.InvalidArgument,
      "PDR3025",
    ],
    [
      "an empty idempotency key",
      "add",
      { key: "k", idempotencyKey: "" },
      {},
      Code.InvalidArgument,
      "PDR3010",
    ],
    [
      "an idempotency key on a run",
      "submit",
      { key: "k", input: {} },
      { "idempotency-key": "x" },
      Code.InvalidArgument,
      "PDR3011",
    ],
    [
      "a run that is to wait and to be delayed",
      "run",
      { key: "k", input: {} },
      { "x-perdure-delay": "1s" },
      Code.InvalidArgument,
      "PDR3009",
    ],
    [
      "a bad delay",
      "greet",
      { input: {} },
      { "x-perdure-delay": "soon" },
      Code.InvalidArgument,
      "PDR3008",
    ],
    [
      "a long delay",
      "greet",
      { input: {}, delay: { seconds: 4_000_000_000n } },
      {},
      Code.InvalidArgument,
      "PDR3008",
    ],
    ["a run that is not there", "attach", { key: "nobody" }, {}, Code.NotFound, "PDR3016"],
    ["an output that is not there", "output", { key: "nobody" }, {}, Code.NotFound, "PDR3016"],
    [
      "a large input",
      "greet",
      { input: { name: "x".repeat(20_001) } },
      {},
      Code.ResourceExhausted,
      "PDR3014",
    ],
    [
      "a larger body",
      "greet",
      { input: { name: "0123456789abcdef".repeat(20_000) } },
      {},
      Code.ResourceExhausted,
      "PDR3014",
    ],
  ])("%s is refused with a code", async (_what, method, request, headers, code, errorCode) => {
    const clients = { ...greeter, ...counter, ...signup };

    const error = await errorOf(clients[method]?.({ input: undefined, ...request }, { headers }));

    expect(errorCodeOf(error)).toBe(errorCode);
    expect(error.code).toBe(code);
    expect(error.findDetails(FailureDetailSchema)).toEqual([]);
    expect(ingress.invocations.submitted).toHaveLength(0);
  });

  test("a large result arrives whole", async () => {
    const large = "é".repeat(200_000);
    ingress.invocations.handler = () => Promise.resolve(bytes(large));

    const response = await greeter["greet"]?.({ input: { name: "a" } });

    expect(response?.output).toBe(large);
  });

  test("a deadline that passes ends the wait, not the invocation", async () => {
    let finish: (value: Uint8Array) => void = () => {};
    ingress.invocations.handler = () => new Promise((resolve) => (finish = resolve));
    const aborted = ingress.invocations.nextAbort();
    // Connected before the clock runs.
    await errorOf(signup["output"]?.({ key: "k" }));

    const error = await errorOf(signup["run"]?.({ key: "k", input: {} }, { timeoutMs: 250 }));
    await aborted;
    finish(bytes("late"));

    expect(error.code).toBe(Code.DeadlineExceeded);
    expect(await signup["attach"]?.({ key: "k" })).toMatchObject({ output: "late" });
  });

  test("a caller that goes away ends its wait", async () => {
    ingress.invocations.handler = () => new Promise(() => {});
    const aborted = ingress.invocations.nextAbort();
    const controller = new AbortController();

    const answer = errorOf(greeter["greet"]?.({ input: {} }, { signal: controller.signal }));
    await expect.poll(() => ingress.invocations.submitted.length).toBe(1);
    controller.abort();

    expect((await answer).code).toBe(Code.Canceled);
    await aborted;
  });

  test("overload is RESOURCE_EXHAUSTED with a time to wait", async () => {
    ingress.invocations.refusal = new Overloaded("too much queued", 2);

    const error = await errorOf(greeter["greet"]?.({ input: {} }));

    expect(error.code).toBe(Code.ResourceExhausted);
    expect(errorCodeOf(error)).toBe("PDR3018");
    expect(error.metadata.get("retry-after")).toBe("2");
  });

  test("more requests than are served at the same time are RESOURCE_EXHAUSTED", async () => {
    const small = await openTypedIngress({ requestsMax: 1 });
    const caller = clientOf(transportTo(small.url), "Greeter");
    let finish: (value: Uint8Array) => void = () => {};
    small.invocations.handler = () => new Promise((resolve) => (finish = resolve));
    const first = caller["greet"]?.({ input: {} });
    await expect.poll(() => small.invocations.submitted.length).toBe(1);

    const error = await errorOf(caller["greet"]?.({ input: {} }));
    finish(hello);
    await first;

    expect(error.code).toBe(Code.ResourceExhausted);
    expect(errorCodeOf(error)).toBe("PDR3018");
    await small.port.close();
  });

  test("a server that recovers is UNAVAILABLE", async () => {
    const recovering = await openTypedIngress({ ready: () => false });
    const caller = clientOf(transportTo(recovering.url), "Greeter");

    const error = await errorOf(caller["greet"]?.({ input: {} }));

    expect(error.code).toBe(Code.Unavailable);
    expect(errorCodeOf(error)).toBe("PDR3019");
    await recovering.port.close();
  });

  test("an output that does not fit its type is INTERNAL, and names the invocation", async () => {
    ingress.invocations.handler = () => Promise.resolve(bytes({ not: "a string" }));

    const error = await errorOf(greeter["greet"]?.({ input: {} }));

    expect(error.code).toBe(Code.Internal);
    expect(errorCodeOf(error)).toBe("PDR3033");
    expect(error.metadata.get("x-restate-id")).toMatch(/^inv_1/);
  });
});

// Every way to run an endpoint answers the same, so one suite speaks to all of them as the server does: Connect's
// protocol over bytes.

import { generateKeyPairSync } from "node:crypto";
import { createServer as createHttp1Server, request as http1Request } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  create,
  fromBinary,
  toBinary,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  universalClientResponseFromFetch,
  type UniversalClientFn,
} from "@connectrpc/connect/protocol";
import { createTransport } from "@connectrpc/connect/protocol-connect";
import {
  Deployment,
  ProtocolMode,
  ServerFrameSchema,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { FrameQueue } from "@perdure/protocol/frame-queue.fixture";
import { identityKeyOf } from "@perdure/protocol/request-identity";
import { describe, expect, onTestFinished, test } from "vitest";
import { createEndpointHandler as createWorker } from "../cloudflare.js";
import { service } from "../definitions/define.js";
import { input } from "../replay/entries.fixture.js";
import type { EndpointOptions } from "./endpoint-options.js";
import {
  createEndpointHandler as createFetchHandler,
  endpoint as fetchEndpoint,
} from "./fetch-handler.js";
import { frameText } from "./frame-text.fixture.js";
import { usersManifest } from "./generated.fixture.js";
import {
  createEndpointHandler as createLambdaHandler,
  endpoint as lambdaEndpoint,
} from "./lambda-handler.js";
import { endpoint as nodeEndpoint } from "./endpoint.js";
import {
  createEndpointHandler as createNodeHandler,
  type NodeEndpointHandler,
} from "./node-handler.js";
import { numberOf } from "./session.fixture.js";
import { versions } from "./network.fixture.js";

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

type Ask = (path: string, asked?: Asked) => Promise<Answered>;
type Runtime = (options: EndpointOptions) => Promise<Ask> | Ask;

const greeter = service({
  name: "Greeter",
  handlers: { greet: async (_, name: string) => `Hello ${name}` },
});
const users = service({
  name: "Users",
  handlers: { age: async () => 1n, echo: async (_, user: unknown) => user },
});
const silent = { services: [greeter], logger: () => undefined };

const runtimes: Readonly<Record<string, Runtime>> = {
  "Node over HTTP/1.1": (options) => overHttp1(createNodeHandler(options)),
  "Node over HTTP/2": (options) => overHttp2(createNodeHandler(options)),
  "a fetch handler": (options) => overFetch(createFetchHandler(options)),
  "a Worker": (options) => overFetch(createWorker(options).fetch),
  "Lambda, function URL": (options) => overLambda(options, "url"),
  "Lambda, API Gateway 1.0": (options) => overLambda(options, "gateway"),
  "Lambda, invoked directly": (options) => overLambda(options, "direct"),
};

async function overHttp1(handler: NodeEndpointHandler): Promise<Ask> {
  const server = createHttp1Server(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return (path, { method = "POST", headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const request = http1Request(
        { port, host: "127.0.0.1", path, method, headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => {
            const status = response.statusCode ?? 0;
            resolve({ status, headers: response.headers as never, body: Buffer.concat(chunks) });
          });
        },
      );
      request.on("error", reject);
      request.end(body);
    });
}

async function overHttp2(handler: NodeEndpointHandler): Promise<Ask> {
  const server = createHttp2Server(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const client = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  return (path, { method = "POST", headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const stream = client.request({ ":path": path, ":method": method, ...headers });
      let answered: Record<string, unknown> = {};
      const chunks: Buffer[] = [];
      stream.on("response", (head) => (answered = head));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        resolve({
          status: Number(answered[":status"]),
          headers: answered as Answered["headers"],
          body: Buffer.concat(chunks),
        });
      });
      stream.on("error", reject);
      stream.end(body);
    });
}

function overFetch(handler: (request: Request) => Promise<Response>): Ask {
  return async (path, { method = "POST", headers = {}, body } = {}) => {
    const init = { method, headers, ...(body === undefined ? {} : { body: Buffer.from(body) }) };
    const response = await handler(new Request(`https://example.com${path}`, init));
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    };
  };
}

function overLambda(options: EndpointOptions, form: "url" | "gateway" | "direct"): Ask {
  const handler = createLambdaHandler(options);
  return async (path, { method = "POST", headers = {}, body } = {}) => {
    const content = {
      body: body === undefined ? null : Buffer.from(body).toString("base64"),
      isBase64Encoded: body !== undefined,
    };
    const multiValueHeaders = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]]),
    );
    const event = {
      url: { version: "2.0", rawPath: path, requestContext: { http: { method } }, headers },
      gateway: { path, httpMethod: method, headers: null, multiValueHeaders },
      direct: { path, httpMethod: method, headers },
    }[form];
    const { statusCode, headers: answered, ...rest } = await handler({ ...event, ...content });
    expect(rest.isBase64Encoded).toBe(true);
    return { status: statusCode, headers: answered, body: Buffer.from(rest.body, "base64") };
  };
}

const procedure = (method: DescMethodUnary): string => `/${Deployment.typeName}/${method.name}`;

/** A call as the server makes it. */
async function call<M extends DescMethodUnary>(
  ask: Ask,
  method: M,
  message: MessageInitShape<M["input"]>,
  prefix = "",
): Promise<MessageShape<M["output"]>> {
  const answer = await ask(prefix + procedure(method), {
    headers: { "content-type": "application/proto", "connect-protocol-version": "1" },
    body: toBinary(method.input, create(method.input, message)),
  });
  expect(answer.status, answer.body.toString()).toBe(200);
  expect(answer.headers["content-type"]).toBe("application/proto");
  return fromBinary(method.output, answer.body) as MessageShape<M["output"]>;
}

const { discover, invoke } = Deployment.method;

function greetRequest(name: string): MessageInitShape<typeof invoke.input> {
  const start = {
    invocationId: "inv_1",
    target: { service: "Greeter", handler: "greet" },
    knownEntries: 1,
    entries: [input(name)],
  };
  const frame = { case: "start" as const, value: start };
  return { frames: [{ streamId: 1, attempt: numberOf(1), frame }] };
}

describe.each(Object.entries(runtimes))("%s", (name, runtime) => {
  test("tells what it offers, and how attempts travel", async () => {
    const ask = await runtime(silent);
    const found = await call(ask, discover, versions);
    expect(found.manifest?.services.map((each) => each.name)).toEqual(["Greeter"]);
    expect(found.buildId).toMatch(/^[\da-f]{16}$/);
    const session = name === "Node over HTTP/2";
    expect(found.protocolMode).toBe(session ? ProtocolMode.SESSION : ProtocolMode.REQUEST_RESPONSE);
  });

  test("tells what its manifest says beside the code", async () => {
    const ask = await runtime({
      services: [users],
      manifest: usersManifest(),
      logger: () => undefined,
    });
    const { manifest } = await call(ask, discover, versions);
    expect(manifest?.services.map((each) => each.protoService)).toEqual(["tour.v1.Users"]);
    expect(new Uint8Array(manifest?.descriptorSet ?? [])).toEqual(usersManifest().descriptorSet);
    expect(manifest?.contentHash).toBe("sha256:1234");
  });

  test("refuses to begin with a manifest that is not that of the code", async () => {
    const made = async (): Promise<unknown> => runtime({ ...silent, manifest: usersManifest() });
    await expect(made()).rejects.toThrow(/service Greeter is not in the manifest/);
  });

  test("runs an attempt in a request, under any prefix", async () => {
    const ask = await runtime(silent);
    for (const prefix of ["", "/perdure", "/a/b%20c"]) {
      const { frames } = await call(ask, invoke, greetRequest("Ada"), prefix);
      expect(frames.map(frameText)).toEqual(['end = "Hello Ada"']);
    }
  });

  test("answers /health to anybody, and names the SDK", async () => {
    const ask = await runtime({ ...silent, identityKeys: [newKey()] });
    for (const path of ["/health", "/prefix/health"]) {
      const answer = await ask(path, { method: "GET" });
      expect([answer.status, answer.body.toString()]).toEqual([200, "OK"]);
      expect(answer.headers["x-restate-server"]).toMatch(/^perdure-sdk-typescript\//);
    }
  });

  test("refuses what comes unsigned where it has identity keys, with 401", async () => {
    const ask = await runtime({ ...silent, identityKeys: [newKey()] });
    for (const path of [procedure(invoke), procedure(discover), "/serdes/Greeter/decode/default"]) {
      const answer = await ask(path, { headers: { "content-type": "application/proto" } });
      expect([answer.status, answer.body.toString()]).toEqual([401, "Unauthorized"]);
    }
  });

  test("knows no other path, no other content type and no other method", async () => {
    const ask = await runtime(silent);
    const headers = { "content-type": "application/proto" };
    expect((await ask("/", { headers })).status).toBe(404);
    expect((await ask("/perdure.protocol.v1.Deployment/Other", { headers })).status).toBe(404);
    const text = { headers: { "content-type": "text/plain" }, body: Buffer.from("hello") };
    expect((await ask(procedure(invoke), text)).status).toBe(415);
    expect((await ask(procedure(invoke), { headers, method: "PUT" })).status).toBe(405);
  });

  test("shows what bytes say by the serdes of its handlers, both ways", async () => {
    const ask = await runtime(silent);
    const body = Buffer.from('"Ada"');
    const decoded = await ask("/serdes/Greeter/decode/greet/input", { body });
    expect([decoded.status, decoded.body.toString()]).toEqual([200, '"Ada"']);
    const encoded = await ask("/serdes/Greeter/encode/greet/output", { body });
    expect([encoded.status, encoded.body.toString()]).toEqual([200, '"Ada"']);
    const broken = await ask("/serdes/Greeter/decode/default", { body: Buffer.from("{") });
    expect([broken.status, JSON.parse(broken.body.toString())]).toEqual([
      422,
      { message: expect.stringContaining("JSON") },
    ]);
    expect((await ask("/serdes/Other/decode/default", { body })).status).toBe(404);
  });
});

describe("over HTTP/2", () => {
  test("an endpoint that is not bidirectional says so", async () => {
    const ask = await overHttp2(createNodeHandler({ ...silent, bidirectional: false }));
    const { protocolMode } = await call(ask, discover, versions);
    expect(protocolMode).toBe(ProtocolMode.REQUEST_RESPONSE);
  });
});

describe("a fetch handler that is bidirectional", () => {
  test("runs sessions on streams of requests and responses", async () => {
    const handler = createFetchHandler({ ...silent, bidirectional: true });
    const { protocolMode } = await call(overFetch(handler), discover, versions);
    expect(protocolMode).toBe(ProtocolMode.SESSION);

    const transport = createStreamTransport(async ({ url, method, header, body }) => {
      const stream = ReadableStream.from(body ?? []);
      const init = { method, headers: header, body: stream, duplex: "half" } as RequestInit;
      return universalClientResponseFromFetch(await handler(new Request(url, init)));
    });
    const requests = new FrameQueue<ServerFrame>();
    requests.push(create(ServerFrameSchema, { frame: { case: "hello", value: {} } }));
    const said: string[] = [];
    for await (const { frames } of createClient(Deployment, transport).session(requests)) {
      said.push(...frames.map(frameText));
      if (said.length === 1) {
        const [start] = create(invoke.input, greetRequest("Ada")).frames;
        if (start !== undefined) requests.push(start);
      } else requests.close();
    }
    expect(said).toEqual(["hello", 'end = "Hello Ada"']);
  });
});

function createStreamTransport(httpClient: UniversalClientFn): Transport {
  return createTransport({
    httpClient,
    baseUrl: "https://example.com",
    useBinaryFormat: true,
    interceptors: [],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: 1_024,
    readMaxBytes: 0xffff_ffff,
    writeMaxBytes: 0xffff_ffff,
  });
}

describe("a Node handler", () => {
  test("takes a body that something in front of it has read", async () => {
    for (const member of ["body", "rawBody"]) {
      const handler = createNodeHandler(silent);
      const ask = await overHttp1((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          Object.assign(request, { [member]: Buffer.concat(chunks) });
          handler(request, response);
        });
      });
      const { frames } = await call(ask, invoke, greetRequest("Ada"));
      expect(frames.map(frameText)).toEqual(['end = "Hello Ada"']);
    }
  });

  test("of a step-by-step endpoint answers like any other", async () => {
    const built = nodeEndpoint()
      .bind(greeter)
      .setLogger(() => undefined);
    const fetch = fetchEndpoint()
      .bind(greeter)
      .setLogger(() => undefined);
    const lambda = lambdaEndpoint()
      .bind(greeter)
      .setLogger(() => undefined);
    expect((await lambda.handler()({ path: "/health", httpMethod: "GET" })).statusCode).toBe(200);
    const asks = [
      await overHttp1(built.http1Handler()),
      await overHttp2(built.http2Handler()),
      await overHttp1(built.handler()),
      overFetch(fetch.handler()),
    ];
    for (const ask of asks) {
      const { frames } = await call(ask, invoke, greetRequest("Ada"));
      expect(frames.map(frameText)).toEqual(['end = "Hello Ada"']);
    }
  });

  test("takes manifests step by step, one for each package", async () => {
    const { services, ...other } = usersManifest();
    const greeting = {
      ...other,
      services: services.map((one) => ({
        ...one,
        name: "Greeter",
        handlers: one.handlers.slice(0, 1).map((handler) => ({ ...handler, name: "greet" })),
      })),
    };
    const built = nodeEndpoint()
      .bind(users)
      .bind(greeter)
      .setLogger(() => undefined);
    const ask = await overHttp1(built.manifest(usersManifest()).manifest(greeting).handler());
    const { manifest } = await call(ask, discover, versions);
    expect(manifest?.services.map(({ documentation }) => documentation)).toEqual([
      "Everybody who signed up.",
      "Everybody who signed up.",
    ]);
  });

  test("with an identity key, given step by step, trusts nobody else", async () => {
    const ask = await overHttp1(nodeEndpoint().bind(greeter).withIdentityV1(newKey()).handler());
    expect((await ask(procedure(discover))).status).toBe(401);
  });
});

function newKey(): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  return identityKeyOf(Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url"));
}

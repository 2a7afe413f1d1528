// The ingress for other clients than curl: HTTP/2 without TLS, and perdure.ingress.v1.Ingress over Connect,
// gRPC and gRPC-Web, all on the one port.

import { connect as connectHttp2 } from "node:http2";
import { Code, ConnectError, createClient, type Client, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { createConnectTransport as createBrowserTransport } from "@connectrpc/connect-web";
import { FailureDetailSchema, Ingress } from "@perdure/proto/ingress/v1/ingress";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Http } from "../harness/http.js";

const bed = useBed("after all");
let ingress: Http;

beforeAll(async () => {
  const { server } = await bed.serve({ modules: ["greeter"] });
  ingress = server.ingress;
});

describe("HTTP/2 without TLS", () => {
  test("is spoken on the same port, many requests on one connection", async () => {
    const session = connectHttp2(ingress.url);
    const call = (name: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const stream = session.request({
          ":method": "POST",
          ":path": "/restate/call/Greeter/greet",
          "content-type": "application/json",
        });
        let text = "";
        stream.setEncoding("utf8");
        stream.on("response", (headers) => (text += `${headers[":status"]} `));
        stream.on("data", (chunk: string) => (text += chunk));
        stream.on("end", () => resolve(text));
        stream.on("error", reject);
        stream.end(JSON.stringify(name));
      });
    try {
      const names = Array.from({ length: 50 }, (_, at) => `n${at}`);

      const answers = await Promise.all(names.map(call));

      expect(answers).toEqual(names.map((name) => `200 "Hi ${name}"`));
    } finally {
      session.close();
    }
  });
});

const transports: Record<string, (baseUrl: string) => Transport> = {
  "Connect over HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect as browsers speak it": (baseUrl) => createBrowserTransport({ baseUrl }),
};

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

describe.each(Object.keys(transports))("perdure.ingress.v1.Ingress over %s", (name) => {
  let client: Client<typeof Ingress>;

  beforeAll(() => {
    const transport = transports[name];
    if (transport === undefined) throw new Error(`no transport ${name}`);
    client = createClient(Ingress, transport(ingress.url));
  });

  test("calls handlers", async () => {
    const answer = await client.call({
      target: { service: "Greeter", handler: "greet" },
      parameter: encode("Ada"),
    });

    expect(decode(answer.result)).toBe("Hi Ada");
    expect(answer.invocationId).toMatch(/^inv_1/);
  });

  test("sends, attaches, and tells when there is no output yet", async () => {
    const key = `wf ${name}`;
    const target = { service: "Signup", handler: "run", key };
    const sent = await client.send({ target, parameter: encode({ name: "Ada" }) });
    const again = await client.send({ target, parameter: encode({ name: "Bo" }) });
    const invocation = {
      target: { case: "workflow" as const, value: { workflow: "Signup", key } },
    };
    const early = await client.output({ invocation });
    const lookup = await client.lookup({ invocation });
    const attached = client.attach({ invocation });
    await client.call({
      target: { service: "Signup", handler: "verify", key },
      parameter: encode("s"),
    });

    expect([sent.newlyAccepted, again.newlyAccepted]).toEqual([true, false]);
    expect(early.ready).toBe(false);
    expect(lookup.invocationId).toBe(sent.invocationId);
    expect(decode((await attached).result)).toEqual({ name: "Ada", key, secret: "s" });
    const late = await client.output({ invocation });
    expect([late.ready, decode(late.result)]).toEqual([true, { name: "Ada", key, secret: "s" }]);
  });

  test("turns failures into errors with their details", async () => {
    const failed = ConnectError.from(
      await client
        .call({ target: { service: "Greeter", handler: "refuse" }, parameter: encode(409) })
        .catch((error: unknown) => error),
    );
    const unknown = ConnectError.from(
      await client.call({ target: { service: "Nobody", handler: "x" } }).catch((e: unknown) => e),
    );

    expect(failed.code).toBe(Code.Aborted);
    expect(failed.findDetails(FailureDetailSchema)).toMatchObject([
      { code: 409, message: "no such luck", metadata: { plan: "gold", try: "1" } },
    ]);
    expect(unknown.code).toBe(Code.NotFound);
    expect(unknown.metadata.get("x-perdure-error-code")).toBe("PDR3004");
  });
});

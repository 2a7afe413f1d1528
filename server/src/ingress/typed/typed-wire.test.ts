// What stands on the wire, where no client library looks or errs: malformed, oversized and unknown requests, headers,
// compression, base64, other HTTP versions.

import { fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import { connect } from "node:http2";
import type { IncomingHttpHeaders } from "node:http2";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestFailure } from "../ingress.fixture.js";
import type { TestIngress } from "../ingress.fixture.js";
import { openTypedIngress, tourService } from "./typed.fixture.js";

const greet = "/tour.v1.Greeter/Greet";
const proto = { "content-type": "application/proto" };
const json = { "content-type": "application/json" };

function schemaOf(side: "input" | "output"): DescMessage {
  const method = tourService("Greeter").methods.find(({ name }) => name === "Greet");
  if (method === undefined) throw new Error("no method");
  return method[side];
}

function request(value: JsonValue = { input: { name: "Ada" } }): Uint8Array {
  return toBinary(schemaOf("input"), fromJson(schemaOf("input"), value));
}

function frame(message: Uint8Array, flags = 0, length = message.byteLength): Uint8Array {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

function outputOf(bytes: Uint8Array): unknown {
  return (fromBinary(schemaOf("output"), bytes) as { output?: unknown }).output;
}

let ingress: TestIngress;
beforeEach(async () => {
  ingress = await openTypedIngress({ bodyBytesMax: 10_000 });
  ingress.invocations.handler = () => Promise.resolve(Buffer.from('"hello"'));
});
afterEach(() => ingress.port.close());

function post(
  path: string,
  headers: Record<string, string>,
  body: Uint8Array | string,
): Promise<Response> {
  const bytes = typeof body === "string" ? body : Buffer.from(body);
  return fetch(ingress.url + path, { method: "POST", headers, body: bytes });
}

interface GrpcAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What came before the end of the stream. */
  readonly isTrailersOnly: boolean;
}

/** One request over HTTP/2 with plain node. */
function postHttp2(
  path: string,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<GrpcAnswer> {
  const session = connect(ingress.url);
  const stream = session.request({ ":method": "POST", ":path": path, te: "trailers", ...headers });
  return new Promise<GrpcAnswer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    let isTrailersOnly = false;
    stream.on("response", (received, flags) => {
      head = received;
      // END_STREAM
      isTrailersOnly = (flags & 1) === 1;
    });
    stream.on("trailers", (received) => (trailers = received));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () =>
      resolve({ headers: head, trailers, body: Buffer.concat(chunks), isTrailersOnly }),
    );
    stream.end(body);
  }).finally(() => session.destroy());
}

async function connectErrorOf(response: Response): Promise<unknown> {
  const { code } = (await response.json()) as { code?: unknown };
  return [response.status, code, response.headers.get("x-perdure-error-code")];
}

describe("Connect", () => {
  test("takes JSON as curl sends it, and answers with JSON", async () => {
    const response = await post(
      greet,
      { "content-type": "application/json; charset=UTF-8" },
      '{"input":{"name":"Ada"},"unknown":1}',
    );

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    const body = (await response.json()) as { output: string; invocationId: string };
    expect(body.output).toBe("hello");
    expect(response.headers.get("x-restate-id")).toBe(body.invocationId);
  });

  test("an error is a status and a JSON body with its details", async () => {
    const response = await post("/tour.v1.Counter/Add", json, "{}");

    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-perdure-error-code")).toBe("PDR3007");
    expect(await response.json()).toEqual({
      code: "invalid_argument",
      message: expect.stringContaining('"counter" is a virtual object') as string,
    });
  });

  test("takes a message in gzip", async () => {
    const headers = { ...proto, "content-encoding": "gzip" };
    const response = await post(greet, headers, gzipSync(request()));

    expect(outputOf(new Uint8Array(await response.arrayBuffer()))).toBe("hello");
    expect(ingress.invocations.submitted[0]?.headers.map(({ name }) => name)).not.toContain(
      "content-encoding",
    );
  });

  test("gives a large answer in gzip to those who take it, and only to them", async () => {
    ingress.invocations.handler = () =>
      Promise.resolve(Buffer.from(JSON.stringify("x".repeat(9_000))));

    const encodings = ["gzip, br", "br;q=1, gzip;q=0.5", "gzip;q=0", "identity"].map((accepted) =>
      postHttp2(greet, { ...proto, "accept-encoding": accepted }, request()),
    );
    const answers = await Promise.all(encodings);

    expect(answers.map(({ headers }) => headers["content-encoding"])).toEqual([
      "gzip",
      "gzip",
      undefined,
      undefined,
    ]);
    for (const { headers, body } of answers) {
      const bytes = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      expect(outputOf(bytes)).toBe("x".repeat(9_000));
    }
  });

  test.each<readonly [string, Record<string, string>, Uint8Array | string, unknown]>([
    [
      "a compression that is not known",
      { ...proto, "content-encoding": "snappy" },
      request(),
      [501, "unimplemented", "PDR3035"],
    ],
    [
      "bytes that are no gzip",
      { ...proto, "content-encoding": "gzip" },
      request(),
      [400, "invalid_argument", "PDR3036"],
    ],
    [
      "gzip that unfolds to more than is allowed",
      { ...proto, "content-encoding": "gzip" },
      gzipSync(new Uint8Array(10_000_000)),
      [429, "resource_exhausted", "PDR3014"],
    ],
    [
      "bytes that are no message",
      proto,
      Buffer.from([0xff, 0xff]),
      [400, "invalid_argument", "PDR3032"],
    ],
    ["text that is no JSON", json, "{", [400, "invalid_argument", "PDR3032"]],
    ["JSON of another form", json, '{"input":7}', [400, "invalid_argument", "PDR3032"]],
    [
      "a body that is too large",
      proto,
      new Uint8Array(400_000),
      [429, "resource_exhausted", "PDR3014"],
    ],
    [
      "another version of the protocol",
      { ...json, "connect-protocol-version": "2" },
      "{}",
      [400, "invalid_argument", "PDR3036"],
    ],
    [
      "a malformed timeout",
      { ...json, "connect-timeout-ms": "1.5" },
      "{}",
      [400, "invalid_argument", "PDR3036"],
    ],
    [
      "a deadline that has passed",
      { ...json, "connect-timeout-ms": "0" },
      "{}",
      [504, "deadline_exceeded", "PDR3037"],
    ],
    [
      "a header that is not ASCII",
      { ...json, x: "\u00e9" },
      "{}",
      [400, "invalid_argument", "PDR3013"],
    ],
    [
      "JSON that is not UTF-8",
      json,
      Buffer.from('{"input":{"name":"\u00ff"}}', "latin1"),
      [400, "invalid_argument", "PDR3036"],
    ],
  ])("%s is refused", async (_what, headers, body, expected) => {
    const response = await post(greet, headers, body);

    expect(await connectErrorOf(response)).toEqual(expected);
    expect(ingress.invocations.submitted).toHaveLength(0);
  });

  test("an empty key in the header is none, as in the field", async () => {
    const headers = { ...json, "x-perdure-key": "" };
    const unset = await post("/tour.v1.Counter/Add", headers, '{"input":1}');
    const inField = await post("/tour.v1.Counter/Add", headers, '{"key":"a","input":1}');

    expect(await connectErrorOf(unset)).toEqual([400, "invalid_argument", "PDR3007"]);
    await inField.text();
    expect(ingress.invocations.submitted.map(({ key }) => key)).toEqual(["a"]);
  });

  test("a deadline that passes on the way is answered by the server", async () => {
    ingress.invocations.handler = () => new Promise(() => {});
    const aborted = ingress.invocations.nextAbort();

    const response = await post(greet, { ...proto, "connect-timeout-ms": "50" }, request());

    expect(await connectErrorOf(response)).toEqual([504, "deadline_exceeded", "PDR3037"]);
    await aborted;
  });

  test.each([
    "text/plain",
    "application/connect+proto",
    "application/grpc+thrift",
    "application/xml",
  ])("content type %s is 415, with what is taken", async (contentType) => {
    const response = await post(greet, { "content-type": contentType }, "x");

    expect(response.status).toBe(415);
    expect(response.headers.get("accept-post")).toContain("application/proto");
    expect(await response.json()).toMatchObject({ errorCode: "PDR3034" });
  });

  test("GET is 405", async () => {
    const response = await fetch(ingress.url + greet);

    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });

  test("an unknown method is unimplemented", async () => {
    const response = await post("/tour.v1.Greeter/Nope", json, "{}");

    expect(await connectErrorOf(response)).toEqual([501, "unimplemented", "PDR3029"]);
  });

  test("an unknown service is unimplemented to whoever speaks Connect, else as it always was", async () => {
    const [binary, header, plain] = await Promise.all([
      post("/tour.v1.Nope/Greet", proto, ""),
      post("/tour.v1.Nope/Greet", { ...json, "connect-protocol-version": "1" }, "{}"),
      post("/tour.v1.Nope/Greet", json, "{}"),
    ]);

    expect(await connectErrorOf(binary)).toEqual([501, "unimplemented", "PDR3029"]);
    expect(await connectErrorOf(header)).toEqual([501, "unimplemented", "PDR3029"]);
    expect(plain.status).toBe(404);
    expect(await plain.json()).toMatchObject({ errorCode: "PDR3004" });
  });

  test("a page may read answers, errors and their headers", async () => {
    const origin = { origin: "https://app.example" };
    const preflight = await fetch(ingress.url + greet, {
      method: "OPTIONS",
      headers: {
        ...origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "connect-protocol-version,content-type",
      },
    });
    const answers = await Promise.all([
      post(greet, { ...json, ...origin }, '{"input":{"name":"a"}}'),
      post(greet, { ...json, ...origin }, "{"),
      post(greet, { "content-type": "application/grpc-web+proto", ...origin }, frame(request())),
    ]);

    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("connect-protocol");
    for (const { headers } of answers) {
      expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
      const exposed = headers.get("access-control-expose-headers");
      for (const name of [
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "x-restate-id",
      ]) {
        expect(exposed).toContain(name);
      }
    }
  });
});

describe("gRPC", () => {
  const grpc = { "content-type": "application/grpc" };

  test("answers with a frame and its status in trailers", async () => {
    const { headers, body, trailers } = await postHttp2(greet, grpc, frame(request()));

    expect(headers).toMatchObject({ ":status": 200, "content-type": "application/grpc+proto" });
    expect(body[0]).toBe(0);
    expect(body.readUInt32BE(1)).toBe(body.byteLength - 5);
    expect(outputOf(body.subarray(5))).toBe("hello");
    expect(trailers).toEqual(expect.objectContaining({ "grpc-status": "0" }));
  });

  test.each<readonly [string, Record<string, string>, Uint8Array, string, string]>([
    ["no frame at all", {}, new Uint8Array(0), "3", "PDR3036"],
    ["half a frame's head", {}, new Uint8Array(3), "3", "PDR3036"],
    ["a frame that is cut off", {}, frame(request(), 0, 1_000), "3", "PDR3036"],
    ["two messages", {}, Buffer.concat([frame(request()), frame(request())]), "3", "PDR3036"],
    ["flags that are not known", {}, frame(request(), 4), "3", "PDR3036"],
    ["a compressed message of no known kind", {}, frame(request(), 1), "3", "PDR3036"],
    ["bytes that are no gzip", { "grpc-encoding": "gzip" }, frame(request(), 1), "3", "PDR3036"],
    ["an unknown compression", { "grpc-encoding": "lz4" }, frame(request()), "12", "PDR3035"],
    ["a malformed timeout", { "grpc-timeout": "1y" }, frame(request()), "3", "PDR3036"],
    ["a deadline that has passed", { "grpc-timeout": "0n" }, frame(request()), "4", "PDR3037"],
    ["bytes that are no message", {}, frame(Buffer.from([0xff])), "3", "PDR3032"],
    ["a message that is too large", {}, frame(new Uint8Array(400_000)), "8", "PDR3014"],
  ])("%s is refused with trailers alone", async (_what, more, body, status, errorCode) => {
    const answer = await postHttp2(greet, { ...grpc, ...more }, body);

    expect(answer.isTrailersOnly).toBe(true);
    expect(answer.body.byteLength).toBe(0);
    expect(answer.headers).toMatchObject({
      ":status": 200,
      "content-type": "application/grpc+proto",
      "grpc-status": status,
      "x-perdure-error-code": errorCode,
    });
    expect(answer.headers["grpc-message"]).not.toBe("");
    if (errorCode === "PDR3035") expect(answer.headers["grpc-accept-encoding"]).toBe("gzip");
  });

  test("a message of an error has escapes for what is not printable ASCII, and for nothing else", async () => {
    ingress.invocations.handler = () => Promise.reject(new TestFailure(500, "a/b: 100 %\né\ud800"));

    const { headers } = await postHttp2(greet, grpc, frame(request()));

    expect(headers["grpc-message"]).toBe("a/b: 100 %25%0A%C3%A9%EF%BF%BD");
  });

  test("a failure that is too large for trailers keeps its code and the start of its message", async () => {
    const message = "é".repeat(400_000);
    ingress.invocations.handler = () => Promise.reject(new TestFailure(500, message));

    const { headers } = await postHttp2(greet, grpc, frame(request()));

    expect(headers["grpc-status"]).toBe("13");
    expect(decodeURIComponent(String(headers["grpc-message"]))).toBe(`${"é".repeat(512)}…`);
    expect(headers["grpc-status-details-bin"]).toBeUndefined();
    expect(headers["x-restate-id"]).toMatch(/^inv_1/);
  });

  test("a deadline in any unit ends the wait", async () => {
    ingress.invocations.handler = () => new Promise(() => {});

    const answers = await Promise.all(
      ["60m", "60000u", "60000000n"].map((timeout) =>
        postHttp2(greet, { ...grpc, "grpc-timeout": timeout }, frame(request())),
      ),
    );

    expect(answers.map(({ headers }) => headers["grpc-status"])).toEqual(["4", "4", "4"]);
  });

  test.each(["/tour.v1.Greeter/Nope", "/tour.v1.Nope/Greet", "/perdure.ingress.v1.Ingress/Nope"])(
    "%s is unimplemented",
    async (path) => {
      const { headers } = await postHttp2(path, grpc, frame(request()));

      expect(headers).toMatchObject({ ":status": 200, "grpc-status": "12" });
      expect(headers["x-perdure-error-code"]).toBe("PDR3029");
    },
  );

  test("over HTTP/1.1 it is 505", async () => {
    const response = await post(greet, grpc, frame(request()));

    expect(response.status).toBe(505);
    expect(await response.json()).toMatchObject({ errorCode: "PDR3034" });
  });
});

describe("gRPC-Web", () => {
  test("answers with a frame and a frame of trailers", async () => {
    const headers = { "content-type": "application/grpc-web+proto" };
    const response = await post(greet, headers, frame(request()));

    const body = Buffer.from(await response.arrayBuffer());
    const end = 5 + body.readUInt32BE(1);
    expect(outputOf(body.subarray(5, end))).toBe("hello");
    expect(body[end]).toBe(0x80);
    expect(body.subarray(end + 5).toString()).toBe("grpc-status: 0\r\n");
  });

  test("its text form is base64, which may come in padded pieces", async () => {
    const headers = { "content-type": "application/grpc-web-text" };
    const bytes = Buffer.from(frame(request()));
    const pieces = bytes.subarray(0, 5).toString("base64") + bytes.subarray(5).toString("base64");
    expect(pieces).toContain("=");
    const response = await post(greet, headers, pieces);

    expect(response.headers.get("content-type")).toBe("application/grpc-web-text+proto");
    const body = Buffer.from(await response.text(), "base64");
    expect(outputOf(body.subarray(5, 5 + body.readUInt32BE(1)))).toBe("hello");
  });

  test("an error is a frame of trailers", async () => {
    const headers = { "content-type": "application/grpc-web+proto" };
    const response = await post("/tour.v1.Greeter/Nope", headers, frame(request()));

    const body = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(body[0]).toBe(0x80);
    expect(body.subarray(5).toString()).toMatch(/(^|\r\n)grpc-status: 12\r\n/);
    expect(body.subarray(5).toString()).toContain("x-perdure-error-code: PDR3029\r\n");
  });

  test("text that is no base64 is refused", async () => {
    const headers = { "content-type": "application/grpc-web-text" };
    const response = await post(greet, headers, "{}");

    const body = Buffer.from(await response.text(), "base64").toString("latin1");
    expect(body).toContain("grpc-status: 3\r\n");
  });
});

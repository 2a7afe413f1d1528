// Requests of every kind as bytes on a socket, damaged anywhere: in the request line, the headers, the body, the frames of
// gRPC. Whatever comes, the port answers it or closes, soon, with no error that nobody foresaw, and serves the next one.

import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, vi } from "vitest";
import fc from "fast-check";
import {
  damagedBytes,
  damagedJson,
  damagedText,
  fuzz,
  isCoded,
} from "@perdure/protocol/fuzz.fixture";
import { invocationIdOf } from "@perdure/protocol/ids";
import { formatAwakeableId } from "@perdure/protocol/awakeable-id";
import { progressOf } from "../shard/watch-events.js";
import type { TestIngress } from "./ingress.fixture.js";
import { openTestIngress } from "./ingress.fixture.js";
import { decodeKey, decodeSegment, queryParameter, splitPath } from "./path.js";
import { frameOf, messageOfFrame } from "./typed/frames.js";
import { decompress } from "./typed/compression.js";
import { openTypedIngress } from "./typed/typed.fixture.js";

const ports: TestIngress[] = [];
const logged = vi.spyOn(process.stderr, "write");
beforeAll(async () => {
  ports.push(await openTestIngress({ bodyBytesMax: 100_000 }), await openTypedIngress());
});
afterAll(async () => {
  logged.mockRestore();
  await Promise.all(ports.map(({ port }) => port.close()));
});

const id = invocationIdOf("0".repeat(11), "1".repeat(22));

function post(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | string,
): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ host: "x", ...headers, "content-length": String(bytes.length) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), bytes]);
}

const json = { "content-type": "application/json" };
const grpcMessage = Buffer.from([0x12, 5, 0x0a, 3, 0x41, 0x64, 0x61]);
const valid = [
  post("/restate/call/Greeter/greet", json, '{"name":"Ada"}'),
  post("/restate/send/Counter/a%20b/add?delay=1s", { ...json, "idempotency-key": "k" }, "3"),
  post("/Signup/ada/run", { ...json, "x-restate-limit-key": "l" }, "{}"),
  post("/restate/scope/s/call/Greeter/greet", json, "1"),
  post(
    `/restate/awakeables/${formatAwakeableId({ invocationId: id, signalId: 17 })}/resolve`,
    json,
    "{}",
  ),
  Buffer.from(`GET /restate/output/${id} HTTP/1.1\r\nhost: x\r\n\r\n`),
  Buffer.from(`GET /restate/workflow/Signup/ada/attach HTTP/1.1\r\nhost: x\r\n\r\n`),
  Buffer.from("OPTIONS /Greeter/greet HTTP/1.1\r\nhost: x\r\norigin: http://y\r\n\r\n"),
  Buffer.from(
    "POST /Greeter/greet HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\n123\r\n0\r\n\r\n",
  ),
  post("/tour.v1.Greeter/Greet", json, '{"input":{"name":"Ada"},"delay":"1s"}'),
  post("/tour.v1.Greeter/Greet", { "content-type": "application/proto" }, grpcMessage),
  post(
    "/tour.v1.Greeter/Greet",
    { "content-type": "application/grpc-web+proto" },
    frameOf(0, grpcMessage),
  ),
  post(
    "/tour.v1.Greeter/Greet",
    { "content-type": "application/grpc-web-text+proto" },
    frameOf(0, grpcMessage).toString("base64"),
  ),
  post(
    "/tour.v1.Greeter/Greet",
    { "content-type": "application/grpc-web+proto", "grpc-encoding": "gzip", "grpc-timeout": "1S" },
    frameOf(1, gzipSync(grpcMessage)),
  ),
  post("/perdure.ingress.v1.Ingress/Output", json, JSON.stringify({ invocation: { id } })),
  post(
    "/perdure.ingress.v1.Ingress/Send",
    { "content-type": "application/connect+json" },
    "\0\0\0\0\u0002{}",
  ),
  post(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    { "content-type": "application/grpc-web+proto" },
    "\0\0\0\0\0",
  ),
];

/** Sends the bytes, says that no more come, and reads until the other side closes. */
function exchange({ port }: TestIngress, bytes: Uint8Array, patienceMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port.address.port, port.address.host);
    let answer = "";
    const timer = setTimeout(() => {
      socket.destroy();
      // A call may wait for its invocation, a request for the rest of its body: nothing is wrong.
      resolve(answer);
    }, patienceMs);
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.on("timeout", reject);
    socket.end(bytes);
  });
}

const good = Buffer.from("GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");

fuzz("requests", {
  input: fc.tuple(fc.nat(1), damagedBytes(...valid)),
  share: 4,
  casesAtOnce: 20,
  caseMsMax: 5_000,
  run: async ([which, bytes]) => {
    const port = ports[which];
    if (port === undefined) throw new Error("no port is open");
    logged.mockClear();
    const answer = await exchange(port, bytes, 300);
    if (answer !== "") expect(answer).toMatch(/^HTTP\/1\.[01] [1-5]\d\d /);
    const said = logged.mock.calls.map(([line]) => String(line)).join("");
    expect(answer + said).not.toMatch(/PDR3022|PDR4012/);
    expect(await exchange(port, good, 3_000)).toMatch(/^HTTP\/1\.1 200 /);
  },
});

fuzz("JSON bodies of the typed ingress", {
  input: damagedJson(
    { input: { name: "Ada", email: "a@b.c" }, idempotencyKey: "k", scope: "s", delay: "1.5s" },
    { key: "k", input: 3 },
  ),
  casesAtOnce: 20,
  caseMsMax: 5_000,
  run: async (text) => {
    const port = ports[1];
    if (port === undefined) throw new Error("no port is open");
    for (const path of ["/tour.v1.Greeter/Greet", "/tour.v1.Counter/Add"]) {
      // A call with a delay waits for it.
      const signal = AbortSignal.timeout(300);
      const response = await fetch(port.url + path, {
        method: "POST",
        body: text,
        headers: json,
        signal,
      }).catch(() => undefined);
      if (response === undefined) continue;
      const answer = await response.text();
      const code = response.headers.get("x-perdure-error-code");
      // The handler gives back what it got, which may not be the number that its result is.
      if (code !== "PDR3033") expect(response.status).toBeLessThan(500);
      expect(`${answer} ${String(code)}`).not.toContain("PDR3022");
    }
  },
});

fuzz("paths, keys and queries", {
  input: damagedText("/restate/call/S/a%20b/h?delay=1s&Delay=2", "/%E2%9C%93/x//", "/?=&&=%"),
  run: (text) => {
    const { segments, query } = splitPath(text);
    for (const segment of segments) decodeSegment(segment);
    queryParameter(query, "delay");
    decodeKey(segments[0] ?? "");
  },
  refusals: isCoded,
});

fuzz("cursors of a watch", {
  input: damagedText(`${"0".repeat(22)}~12~running`, `${"z".repeat(22)}~999999999~backing-off`),
  run: (text) => {
    const progress = progressOf(text);
    if (progress !== undefined) expect(Number.isSafeInteger(progress.entries)).toBe(true);
  },
});

fuzz("frames of gRPC, and gzip", {
  input: damagedBytes(frameOf(0, grpcMessage), frameOf(1, gzipSync(Buffer.alloc(200_000)))),
  run: async (bytes) => {
    const message = messageOfFrame(bytes);
    if (message.isCompressed) await decompress(message.bytes, 100_000);
  },
  refusals: isCoded,
});

// Whatever a client does with its request, its slot is free again when it has its answer or has gone.

import { connect, constants, type ClientHttp2Stream } from "node:http2";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TestIngress } from "../ingress.fixture.js";
import { openTypedIngress } from "./typed.fixture.js";

const greet = "/tour.v1.Greeter/Greet";
const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const grpc = { "content-type": "application/grpc" };
const gzip = { ...grpc, "grpc-encoding": "gzip" };

let ingress: TestIngress;
beforeEach(async () => {
  ingress = await openTypedIngress({ bodyBytesMax: 10_000, requestsMax: 1 });
  ingress.invocations.handler = () => Promise.resolve(Buffer.from('"hello"'));
});
afterEach(() => ingress.port.close());

/** The status of a call that any client may make. */
async function greeted(): Promise<number> {
  const headers = { "content-type": "application/json" };
  const body = '{"input":{"name":"Ada"}}';
  const response = await fetch(ingress.url + greet, { method: "POST", headers, body });
  await response.text();
  return response.status;
}

function frame(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

type Leave = (stream: ClientHttp2Stream) => void;

const end: Leave = (stream) => stream.end();
const reset: Leave = (stream) => stream.close(constants.NGHTTP2_CANCEL);
const vanish: Leave = (stream) => stream.session?.destroy();
const whole = frame(new Uint8Array(0));

test.each<readonly [string, Record<string, string>, Uint8Array, Leave, path: string]>([
  ["resets in the middle of a frame", grpc, whole.subarray(0, 3), reset, greet],
  ["vanishes in the middle of a frame", grpc, whole.subarray(0, 3), vanish, greet],
  ["vanishes before the end of its stream", grpc, whole, vanish, greet],
  ["sends half a frame", grpc, whole.subarray(0, 3), end, greet],
  ["sends two frames", grpc, Buffer.concat([whole, whole]), end, greet],
  ["sends what is no gzip", gzip, frame(Buffer.from("text"), 1), end, greet],
  ["sends gzip that has no end", gzip, frame(gzipSync("text").subarray(0, 12), 1), end, greet],
  ["sends gzip that is too much", gzip, frame(gzipSync(Buffer.alloc(9e6)), 1), end, greet],
  ["vanishes while its gzip is undone", gzip, frame(gzipSync(Buffer.alloc(2e5)), 1), vanish, greet],
  ["names a compression that is unknown", { ...grpc, "grpc-encoding": "br" }, whole, end, greet],
  ["has no time", { ...grpc, "grpc-timeout": "0n" }, whole, end, greet],
  [
    "has too little time to send",
    { ...grpc, "grpc-timeout": "20m" },
    new Uint8Array(0),
    () => undefined,
    greet,
  ],
  ["asks for no method", grpc, whole, end, "/tour.v1.Greeter/Nope"],
  ["vanishes from an exchange", grpc, whole, vanish, reflection],
  ["resets an exchange", grpc, whole, reset, reflection],
])("a client that %s leaves its slot", async (_, headers, body, leave, path) => {
  const session = connect(ingress.url);
  session.on("error", () => undefined);
  const stream = session.request({ ":method": "POST", ":path": path, te: "trailers", ...headers });
  const closed = new Promise<void>((resolve) => {
    stream.on("close", resolve).on("end", resolve);
  });
  stream.on("error", () => undefined).resume();
  // Once it is on its way: before, the server would never hear of it.
  await new Promise<void>((resolve) => {
    stream.write(body, () => setImmediate(resolve));
  });
  leave(stream);
  await closed;
  session.destroy();

  await expect.poll(greeted, { timeout: 3_000 }).toBe(200);
});

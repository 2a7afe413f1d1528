// A connection whose other side goes away: what is left of it must not end the process. Anything that is thrown in a
// timer fails the run.

import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Http2Connection } from "./http2-connection.js";

const pingIntervalMs = 20;
const servers: Http2Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test("an open stream that ends with its connection leaves no ping behind", async () => {
  const { uri, session } = await listening();
  const connection = new Http2Connection(uri, { pingIntervalMs, pingTimeoutMs: pingIntervalMs });
  const stream = await connection.request("POST", "/", {}, {});
  const ended = new Promise((resolve) => stream.once("close", resolve));
  stream.on("error", () => undefined);
  stream.write("a frame");

  (await session).destroy();
  await ended;
  connection.abort();
  await new Promise((resolve) => setTimeout(resolve, 5 * pingIntervalMs));

  expect(stream.session?.destroyed ?? true).toBe(true);
});

test("an open stream that is aborted leaves no ping behind", async () => {
  const { uri } = await listening();
  const connection = new Http2Connection(uri, { pingIntervalMs, pingTimeoutMs: pingIntervalMs });
  const stream = await connection.request("POST", "/", {}, {});
  const ended = new Promise((resolve) => stream.once("close", resolve));
  stream.on("error", () => undefined);
  stream.write("a frame");

  connection.abort();
  await ended;
  await new Promise((resolve) => setTimeout(resolve, 5 * pingIntervalMs));

  expect(stream.destroyed).toBe(true);
});

/** A server that takes streams and never answers them; its first session. */
async function listening(): Promise<{ uri: string; session: Promise<ServerHttp2Session> }> {
  const created = createServer();
  servers.push(created);
  created.on("sessionError", () => undefined);
  created.on("stream", (stream) => stream.on("error", () => undefined));
  const session = new Promise<ServerHttp2Session>((resolve) => created.once("session", resolve));
  await new Promise<void>((resolve) => created.listen(0, "127.0.0.1", resolve));
  return { uri: `http://127.0.0.1:${(created.address() as AddressInfo).port}`, session };
}

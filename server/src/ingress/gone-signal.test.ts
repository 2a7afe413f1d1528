import { createServer as createHttp1Server } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import net, { type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { HttpResponse } from "../http/messages.js";
import { goneSignal } from "./gone-signal.js";

/** A response whose client goes away; closed before the test has it. */
const responses: readonly (readonly [string, () => Promise<HttpResponse>])[] = [
  [
    "HTTP/1.1",
    async () => {
      const server = createHttp1Server();
      const closed = new Promise<HttpResponse>((resolve) => {
        server.on("request", (_request, response) => {
          response.once("close", () => resolve(response));
          socket.destroy();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const socket = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
      socket.write("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
      return closed;
    },
  ],
  [
    "HTTP/2",
    async () => {
      const server = createHttp2Server();
      const closed = new Promise<HttpResponse>((resolve) => {
        server.on("request", (_request, response) => {
          response.once("close", () => resolve(response));
          session.destroy();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      session.on("error", () => undefined);
      session.request({ ":path": "/" }).on("error", () => undefined);
      return closed;
    },
  ],
];

test.each(responses)("a client of %s that has gone before is gone", async (_, closed) => {
  expect(goneSignal(await closed()).aborted).toBe(true);
});

// With real sockets: node's own parser reads them, and must go on when they are let go.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { holdBack } from "./hold-back.js";
import { respond } from "./messages.js";

const holdMs = 150;
let server: Server;
let asked = 0;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function open(): Promise<Socket> {
  asked = 0;
  server = createServer((_, response) => {
    asked++;
    respond(response, 429, [], "later");
    holdBack(response, holdMs);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function ask(socket: Socket): Promise<string> {
  socket.write("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\n\r\nhi");
  const [answer] = (await once(socket, "data")) as [Buffer];
  return answer.toString();
}

test("whoever was refused is answered at once, and heard again a moment later on the same connection", async () => {
  const socket = await open();
  expect(await ask(socket)).toMatch(/^HTTP\/1\.1 429 .*later$/s);
  for (let count = 0; count < 3; count++) {
    const sinceMs = performance.now();
    expect(await ask(socket)).toMatch(/^HTTP\/1\.1 429 .*later$/s);
    expect(performance.now() - sinceMs).toBeGreaterThan(holdMs * 0.6);
  }
});

test("one that goes away while it is held harms nobody", async () => {
  const socket = await open();
  await ask(socket);
  socket.destroy();
  const other = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(other, "connect");
  await ask(other);
  await ask(other);
  expect(asked).toBe(3);
  server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, holdMs * 1.5));
});

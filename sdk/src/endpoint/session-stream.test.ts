// What anybody may send to the port of an endpoint.

import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { service } from "../definitions/define.js";
import { createEndpointHandler } from "./node-handler.js";

test("a path that is none ends its request, and nothing else", async () => {
  const greeter = service({ name: "Greeter", handlers: { greet: async () => "hello" } });
  const server = createServer(createEndpointHandler({ services: [greeter] }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const ask = (method: string, path: string): Promise<number | undefined> =>
    new Promise((resolve) => {
      let status: number | undefined;
      const stream = client.request({ ":method": method, ":path": path });
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("error", () => undefined);
      stream.on("close", () => {
        resolve(status);
      });
      stream.resume().end();
    });

  for (const path of ["//", "///", "//:80/perdure.protocol.v1.Deployment/Session", "*"]) {
    await ask("POST", path);
  }
  expect(await ask("GET", "/health")).toBe(200);
});

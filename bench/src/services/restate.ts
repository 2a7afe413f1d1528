// Process entry: the services under test on the peer's SDK. Listens like its `serve` (HTTP/2, both
// directions streaming), but on the loopback address alone.
import "./with-resolvers.js";
import * as http2 from "node:http2";
import * as restate from "@restatedev/restate-sdk";
import { definitions } from "./definitions.js";
import type { DurableSdk } from "./durable-sdk.js";
import { host } from "./host.js";

await host((port) => {
  const services = definitions(restate as unknown as DurableSdk);
  const handler = restate.createEndpointHandler({
    services: services as Parameters<typeof restate.createEndpointHandler>[0]["services"],
  });
  const server = http2.createServer(handler);
  return new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
});

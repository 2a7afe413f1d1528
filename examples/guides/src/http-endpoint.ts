// An endpoint of request and response: each attempt is one HTTP request. Here on Node's own HTTP/1.1 server.

import { createServer, type Server } from "node:http";
import { createEndpointHandler } from "@perdure/sdk/node";
import { Greeter } from "./greeter.js";

export function createHttpEndpoint(): Server {
  const perdure = createEndpointHandler({ services: [Greeter] });
  return createServer((request, response) => {
    if (request.url?.startsWith("/perdure/") === true) {
      perdure(request, response);
    } else {
      response.end("something else");
    }
  });
}

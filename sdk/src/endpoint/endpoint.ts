// Endpoints of Node: `serve`, and `endpoint()` for those who like it step by step.

import type { EndpointBuilder } from "./endpoint-builder.js";
import { buildEndpoint } from "./endpoint-builder.js";
import type { EndpointOptions } from "./endpoint-options.js";
import { createEndpointHandler, type NodeEndpointHandler } from "./node-handler.js";
import { serve, type Listening } from "./serve.js";

/** Builds an endpoint step by step: `endpoint().bind(Greeter).listen(9080)`. */
export interface Endpoint extends EndpointBuilder {
  /** @returns once it listens */
  listen(port?: number): Promise<Listening>;
  /** A listener for `http.createServer`: each attempt is a request. */
  http1Handler(): NodeEndpointHandler;
  /** A listener for `http2.createServer`. */
  http2Handler(): NodeEndpointHandler;
  /** A listener for servers of either kind. */
  handler(): NodeEndpointHandler;
}

export function endpoint(): Endpoint {
  return buildEndpoint((options: () => EndpointOptions) => ({
    listen: (port?: number) => serve({ ...options(), ...(port === undefined ? {} : { port }) }),
    http1Handler: () => createEndpointHandler({ ...options(), bidirectional: false }),
    http2Handler: () => createEndpointHandler(options()),
    handler: () => createEndpointHandler(options()),
  }));
}

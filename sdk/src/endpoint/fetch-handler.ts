// An endpoint as a function from Request to Response. Nothing in here needs Node.

import {
  universalServerRequestFromFetch,
  universalServerResponseToFetch,
} from "@connectrpc/connect/protocol";
import { createEndpointCore } from "./endpoint-core.js";
import { buildEndpoint, type EndpointBuilder } from "./endpoint-builder.js";
import type { EndpointOptions } from "./endpoint-options.js";

export type FetchEndpointHandler = (request: Request) => Promise<Response>;

/**
 * Makes a fetch handler of services, for Next.js, Deno, Bun, Cloudflare Workers, Cloud Run and all that take one:
 * `export const POST = createEndpointHandler({ services: [Greeter] })`.
 *
 * Each attempt is a request. Where the server speaks HTTP/2 and streams both ways (Deno), `bidirectional: true` lets
 * attempts share one stream.
 * @throws DefinitionError  a value is no service, or two have one name
 * @throws ManifestError  the manifest is none, or not that of the code
 * @throws TypeError  an identity key is none
 */
export function createEndpointHandler(options: EndpointOptions): FetchEndpointHandler {
  const core = createEndpointCore(options);
  // A Request does not say how it came.
  const httpVersion = options.bidirectional === true ? "2" : "";
  return async (request) => {
    const universal = universalServerRequestFromFetch(request, { httpVersion });
    return universalServerResponseToFetch(await core.handle(universal));
  };
}

/** Builds a fetch handler step by step: `endpoint().bind(Greeter).handler()`. */
export interface FetchEndpoint extends EndpointBuilder {
  handler(): FetchEndpointHandler;
}

export function endpoint(): FetchEndpoint {
  return buildEndpoint((options: () => EndpointOptions) => ({
    handler: () => createEndpointHandler(options()),
  }));
}

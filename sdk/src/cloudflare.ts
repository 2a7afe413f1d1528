// Entry point for Cloudflare Workers: `export default createEndpointHandler({ services: [Greeter] })`. Free of Node.

import type { EndpointOptions } from "./endpoint/endpoint-options.js";
import {
  createEndpointHandler as createFetchHandler,
  type FetchEndpointHandler,
} from "./endpoint/fetch-handler.js";

export * from "./common.js";
export {
  endpoint,
  type FetchEndpoint,
  type FetchEndpointHandler,
} from "./endpoint/fetch-handler.js";

/** What a module of a Worker exports. */
export interface WorkerEndpoint {
  readonly fetch: FetchEndpointHandler;
}

/**
 * Makes a Worker of services. Each attempt is a request.
 * @throws DefinitionError  a value is no service, or two have one name
 * @throws TypeError  an identity key is none
 */
export function createEndpointHandler(options: EndpointOptions): WorkerEndpoint {
  return { fetch: createFetchHandler({ ...options, bidirectional: false }) };
}

// How services are served by Node: what the entry points "." and "./node" have beyond what is common to all.

export { endpoint, type Endpoint } from "./endpoint.js";
export { createEndpointHandler, type NodeEndpointHandler } from "./node-handler.js";
export { ListenError, serve, type Listening, type ServeOptions } from "./serve.js";
// The field's names of the same.
export type { Endpoint as RestateEndpoint } from "./endpoint.js";
export type { EndpointBuilder as RestateEndpointBase } from "./endpoint-builder.js";
export type { EndpointOptions as NodeEndpointOptions } from "./endpoint-options.js";

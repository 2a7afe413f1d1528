// Entry point for everything that takes a fetch handler: Next.js, Deno, Bun, Workers, Cloud Run. Free of Node.

export * from "./common.js";
export {
  createEndpointHandler,
  endpoint,
  type FetchEndpoint,
  type FetchEndpointHandler,
} from "./endpoint/fetch-handler.js";

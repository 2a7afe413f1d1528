// An endpoint as a Node request listener: for http, https and http2 servers, and for frameworks that hand their
// requests on.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { once } from "./text-response.js";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { carrySession, isSessionRequest } from "./session-stream.js";
import { createEndpointCore, type EndpointCore } from "./endpoint-core.js";
import type { EndpointOptions } from "./endpoint-options.js";

/** A listener of `http.createServer`, `http2.createServer` and the like. */
export type NodeEndpointHandler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/**
 * Makes a request listener of services: `createServer(createEndpointHandler({ services: [Greeter] }))`.
 *
 * It can be mounted at any path of an HTTP/1.1 or HTTP/2 server, in Express (`app.use("/perdure", handler)`), in Fastify
 * and Hono. Over HTTP/2 attempts share one stream (`bidirectional: false` forbids it); over HTTP/1.1 each is a request.
 * @throws DefinitionError  a value is no service, or two have one name
 * @throws ManifestError  the manifest is none, or not that of the code
 * @throws TypeError  an identity key is none
 */
export function createEndpointHandler(options: EndpointOptions): NodeEndpointHandler {
  return nodeHandlerOf(createEndpointCore(options));
}

export function nodeHandlerOf(core: EndpointCore): NodeEndpointHandler {
  return (request, response) => {
    if (isSessionRequest(request, response)) return void carrySession(core, request, response);
    void respond(core, request, response);
  };
}

async function respond(
  core: EndpointCore,
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): Promise<void> {
  try {
    const universal = universalRequestFromNodeRequest(request, response, undefined, undefined);
    const read = bodyRead(request);
    await universalResponseToNodeResponse(
      await core.handle(read === undefined ? universal : { ...universal, body: once(read) }),
      response,
    );
  } catch {
    // Whoever asked is gone, or has sent no host: nobody is left to be told.
    response.destroy();
  }
}

/** The body, where something in front (a body parser, a function's framework) has read it already. */
function bodyRead(request: object): Uint8Array | undefined {
  const { body, rawBody } = request as { readonly body?: unknown; readonly rawBody?: unknown };
  if (rawBody instanceof Uint8Array) return rawBody;
  return body instanceof Uint8Array ? body : undefined;
}

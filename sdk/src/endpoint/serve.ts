// An endpoint with a port of its own: HTTP/2 in the clear, as the server finds it.

import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerOptions,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { createEndpointCore, type EndpointCore } from "./endpoint-core.js";
import type { EndpointOptions } from "./endpoint-options.js";
import { nodeHandlerOf } from "./node-handler.js";

export interface ServeOptions extends EndpointOptions {
  /** Default: the environment's PORT, else 9080. 0 picks a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

/** An endpoint that listens. */
export interface Listening {
  readonly port: number;
  /** Takes no more work, lets what computes finish for a moment, closes. */
  close(): Promise<void>;
}

const defaultPort = 9080;
/** For attempts that compute to come to an end. */
const graceMs = 5_000;
/** For what was said last to leave, and for the other side to hang up. */
const farewellMs = 1_000;
const windowBytes = 1024 * 1024;
/** Of silence, before TCP asks whether the server is there: one that vanished is found within 30 s, and let go. */
const keepAliveAfterMs = 15_000;

/** The endpoint can't listen. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code = "PDR2012";
}

/**
 * Offers services to a server.
 * @returns once it listens
 * @throws DefinitionError  a value is no service, or two have one name
 * @throws ManifestError  the manifest is none, or not that of the code
 * @throws ListenError  the port is in use, or is none
 * @throws TypeError  an identity key is none
 */
export async function serve(options: ServeOptions): Promise<Listening> {
  const core = createEndpointCore(options);
  const port = portOf(options.port, process.env["PORT"]);
  const host = options.host ?? "127.0.0.1";
  const connections = new Set<ServerHttp2Session>();
  const server = createServer(
    {
      settings: { initialWindowSize: windowBytes },
      keepAlive: true,
      keepAliveInitialDelay: keepAliveAfterMs,
    } as ServerOptions,
    nodeHandlerOf(core),
  );
  server.on("session", (connection) => {
    connections.add(connection);
    connection.on("close", () => connections.delete(connection));
  });
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => close(server, core, connections),
  };
}

function portOf(given: number | undefined, fromEnvironment = ""): number {
  const port = given ?? (fromEnvironment === "" ? defaultPort : Number(fromEnvironment));
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ListenError(
    `PDR2012: the endpoint can't listen on port ${String(given ?? fromEnvironment)}: it is no number from 0 to 65535. Choose another (serve({ port }) or PORT)`,
  );
}

async function listen(server: Http2Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "another process listens there" : error.message;
      reject(
        new ListenError(
          `PDR2012: the endpoint can't listen on ${host}:${String(port)}: ${reason}. Stop it, or choose another port (serve({ port }) or PORT)`,
          { cause: error },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}

async function close(
  server: Http2Server,
  core: EndpointCore,
  connections: ReadonlySet<ServerHttp2Session>,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const session of core.sessions) session.drain();
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline && core.running > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const session of core.sessions) session.close();
  for (const connection of connections) connection.close();
  const farewell = setTimeout(() => {
    for (const connection of connections) connection.destroy();
  }, farewellMs);
  await closed;
  clearTimeout(farewell);
}

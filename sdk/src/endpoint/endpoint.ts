// An endpoint: the services of one process, behind one HTTP/2 port, as the server finds them.

import { randomUUID } from "node:crypto";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Deployment, ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import type { Definable } from "@perdure/protocol/definitions";
import { commonVersion, protocolVersions } from "@perdure/protocol/versions";
import { DefinitionError, type ServiceModel } from "../definitions/model.js";
import { modelOf } from "../definitions/define.js";
import { createLogger } from "../logger.js";
import { sdkVersion } from "../version.js";
import { buildIdOf, createManifest } from "./manifest.js";
import { EndpointSession } from "./session.js";

export interface ServeOptions {
  /** Decorated classes and definitions. */
  readonly services: readonly Definable[];
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

/** The endpoint can't listen. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code = "PDR2012";
}

/**
 * Offers services to a server.
 * @returns once it listens
 * @throws DefinitionError  a value is no service, or two have one name
 * @throws ListenError  the port is in use, or is none
 */
export async function serve(options: ServeOptions): Promise<Listening> {
  const models = modelsOf(options.services);
  const port = portOf(options.port, process.env["PORT"]);
  const host = options.host ?? "127.0.0.1";
  const sessions = new Set<EndpointSession>();
  const connections = new Set<ServerHttp2Session>();
  const server = createServer(
    { settings: { initialWindowSize: windowBytes } },
    connectNodeAdapter({ routes: routes(models, sessions), acceptCompression: [] }),
  );
  server.on("session", (connection) => {
    connections.add(connection);
    connection.on("close", () => connections.delete(connection));
  });
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => close(server, sessions, connections),
  };
}

/** Builds an endpoint step by step: `endpoint().bind(Greeter).listen(9080)`. */
export interface Endpoint {
  bind(service: Definable): Endpoint;
  /** @returns once it listens */
  listen(port?: number): Promise<Listening>;
}

export function endpoint(): Endpoint {
  const services: Definable[] = [];
  const self: Endpoint = {
    bind(service) {
      services.push(service);
      return self;
    },
    listen: (port) => serve(port === undefined ? { services } : { services, port }),
  };
  return self;
}

function portOf(given: number | undefined, fromEnvironment = ""): number {
  const port = given ?? (fromEnvironment === "" ? defaultPort : Number(fromEnvironment));
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ListenError(
    `PDR2012: the endpoint can't listen on port ${String(given ?? fromEnvironment)}: it is no number from 0 to 65535. Choose another (serve({ port }) or PORT)`,
  );
}

function modelsOf(services: readonly Definable[]): ReadonlyMap<string, ServiceModel> {
  const models = new Map<string, ServiceModel>();
  for (const definable of services) {
    const model = modelOf(definable);
    if (models.has(model.name)) {
      throw new DefinitionError(`two services are named "${model.name}": rename one`);
    }
    models.set(model.name, model);
  }
  return models;
}

function routes(
  models: ReadonlyMap<string, ServiceModel>,
  sessions: Set<EndpointSession>,
): (router: ConnectRouter) => void {
  const logger = createLogger();
  const manifest = createManifest(models.values());
  const buildId = buildIdOf(manifest);
  const instanceId = randomUUID();
  const { min: minProtocolVersion, max: maxProtocolVersion } = protocolVersions;
  return (router) => {
    router.service(Deployment, {
      discover(request) {
        const theirs = { min: request.minProtocolVersion, max: request.maxProtocolVersion };
        if (commonVersion(protocolVersions, theirs) === undefined) {
          throw new ConnectError(
            `this endpoint (${sdkVersion}) speaks protocol versions ${String(minProtocolVersion)} to ${String(maxProtocolVersion)}, the server ${String(theirs.min)} to ${String(theirs.max)}. Update the older one of the two`,
            Code.FailedPrecondition,
          );
        }
        return {
          minProtocolVersion,
          maxProtocolVersion,
          sdkVersion,
          manifest,
          buildId,
          protocolMode: ProtocolMode.SESSION,
        };
      },
      async *session(requests) {
        const session = new EndpointSession({ services: models, logger, instanceId, buildId });
        sessions.add(session);
        try {
          yield* session.run(requests);
        } finally {
          sessions.delete(session);
        }
      },
    });
  };
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
  sessions: ReadonlySet<EndpointSession>,
  connections: ReadonlySet<ServerHttp2Session>,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const session of sessions) session.drain();
  const deadline = performance.now() + graceMs;
  while (performance.now() < deadline && [...sessions].some((session) => session.running > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const session of sessions) session.close();
  for (const connection of connections) connection.close();
  const farewell = setTimeout(() => {
    for (const connection of connections) connection.destroy();
  }, farewellMs);
  await closed;
  clearTimeout(farewell);
}

// What every endpoint answers, whatever runs it: the procedures of the service protocol, /health, and previews of
// serdes, under any prefix. An entry point turns its runtime's requests into these and back.

import {
  Code,
  ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
} from "@connectrpc/connect";
import type {
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { Deployment, ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import { protocolVersions } from "@perdure/protocol/versions";
import { sdkVersion } from "../version.js";
import { buildIdOf } from "./build-id.js";
import type { EndpointOptions } from "./endpoint-options.js";
import { helloOf } from "./hello.js";
import { checkVersions, invoke } from "./invoke.js";
import { createIdentityVerifier, IdentityError } from "./request-identity.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { parsePreviewPath, previewSerde } from "./serde-preview.js";
import { EndpointSession } from "./session.js";
import { textResponse } from "./text-response.js";

export interface EndpointCore {
  /** Answers a request. Never throws. */
  handle(request: UniversalServerRequest): Promise<UniversalServerResponse>;
  /**
   * A session for whoever carries its messages without Connect.
   * @throws IdentityError  the request was not signed as it must be
   * @throws ConnectError  this endpoint takes no sessions
   */
  openSession(header: Headers, path: string): Promise<EndpointSession>;
  /** It is over. */
  closed(session: EndpointSession): void;
  /** The open sessions. */
  readonly sessions: ReadonlySet<EndpointSession>;
  /** Attempts that compute, in sessions and in requests. */
  readonly running: number;
}

/** How the request came decides how attempts may travel. */
const httpVersionKey = createContextKey("", { description: "HTTP version of the request" });

/**
 * @throws DefinitionError  a value is no service, or two have one name
 * @throws ManifestError  the manifest is none, or not that of the code
 * @throws TypeError  an identity key is none
 */
export function createEndpointCore(options: EndpointOptions): EndpointCore {
  const endpoint = resolveEndpoint(options);
  const { manifest, logger } = endpoint;
  const { identityKeys = [] } = options;
  const identity = identityKeys.length === 0 ? undefined : createIdentityVerifier(identityKeys);
  // Some runtimes have no randomness and no promises before the first request.
  let instance: Promise<{ instanceId: string; buildId: string }> | undefined;
  const sessions = new Set<EndpointSession>();
  let requests = 0;

  const procedures = new Map<string, UniversalHandler>();
  for (const handler of rpcHandlers()) procedures.set(handler.requestPath, handler);

  return {
    sessions,
    get running(): number {
      return [...sessions].reduce((sum, { running }) => sum + running, requests);
    },
    async openSession(header, path) {
      try {
        await identity?.verify(header, path);
      } catch (error) {
        if (error instanceof IdentityError) logger.warn(error.message);
        throw error;
      }
      return openSession();
    },
    closed(session) {
      sessions.delete(session);
    },
    async handle(request) {
      let response: UniversalServerResponse;
      try {
        response = await answer(request);
      } catch (error) {
        if (error instanceof IdentityError) {
          logger.warn(error.message);
          response = textResponse(401, "Unauthorized");
        } else {
          logger.error(`a request could not be answered: ${String(error)}`);
          response = textResponse(500, "Internal Server Error");
        }
      }
      const header = new Headers(response.header);
      header.set("x-restate-server", sdkVersion);
      return { ...response, header };
    },
  };

  async function answer(request: UniversalServerRequest): Promise<UniversalServerResponse> {
    const path = new URL(request.url, "http://endpoint").pathname;
    if (path.endsWith("/health")) return textResponse(200, "OK");
    const procedure = procedures.get(/\/[^/]+\/[^/]+$/.exec(path)?.[0] ?? "");
    const preview = parsePreviewPath(path);
    if (procedure === undefined && preview === undefined) {
      return textResponse(404, `Not Found: ${path} is no path of a Perdure endpoint`);
    }
    await identity?.verify(request.header, path);
    if (procedure !== undefined) {
      const contextValues = createContextValues().set(httpVersionKey, request.httpVersion);
      return procedure({ ...request, contextValues });
    }
    if (preview === undefined || request.method !== "POST") return textResponse(405, "");
    return previewSerde(endpoint, preview, request);
  }

  function rpcHandlers(): readonly UniversalHandler[] {
    const router = createConnectRouter({ grpcWeb: false });
    const { min: minProtocolVersion, max: maxProtocolVersion } = protocolVersions;
    router.service(Deployment, {
      async discover(request, { values }) {
        checkVersions(request);
        const { buildId } = await theInstance();
        const protocolMode = modeOf(options.bidirectional, values.get(httpVersionKey));
        const versions = { minProtocolVersion, maxProtocolVersion };
        return { ...versions, sdkVersion, manifest, buildId, protocolMode };
      },
      async *session(messages) {
        const session = await openSession();
        try {
          yield* session.run(messages);
        } finally {
          sessions.delete(session);
        }
      },
      async invoke(request, { signal }) {
        requests++;
        try {
          return await invoke(request, endpoint, helloOf(await theInstance()), signal);
        } finally {
          requests--;
        }
      },
    });
    return router.handlers;
  }

  async function openSession(): Promise<EndpointSession> {
    if (options.bidirectional === false) {
      throw new ConnectError(
        "this endpoint takes requests, no sessions (bidirectional: false). Register it again",
        Code.FailedPrecondition,
      );
    }
    const session = new EndpointSession({ ...endpoint, ...(await theInstance()) });
    sessions.add(session);
    return session;
  }

  function theInstance(): Promise<{ instanceId: string; buildId: string }> {
    instance ??= buildIdOf(manifest).then((buildId) => ({
      instanceId: crypto.randomUUID(),
      buildId,
    }));
    return instance;
  }
}

/** A session needs both directions of a stream at once, which HTTP/1.1 has not. */
function modeOf(bidirectional: boolean | undefined, httpVersion: string): ProtocolMode {
  const possible = !httpVersion.startsWith("1");
  const wanted = bidirectional ?? httpVersion.startsWith("2");
  return possible && wanted ? ProtocolMode.SESSION : ProtocolMode.REQUEST_RESPONSE;
}

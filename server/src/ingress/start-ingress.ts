// Opens the ingress: one port for the JSON routes and for perdure.ingress.v1.Ingress, over HTTP/1.1
// and HTTP/2.

import { payloadBytesMax } from "@perdure/protocol/limits";
import type { ConnectionSource } from "../http/listener.js";
import { openPort } from "../http/port.js";
import type { Port } from "../http/port.js";
import { createConnectHandler } from "./connect-service.js";
import type { IngressParts } from "./parts.js";
import { createIngressHandler } from "./routes.js";

export interface IngressOptions extends Omit<IngressParts, "bodyBytesMax" | "requestsMax"> {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Largest request body; default 32 MiB. */
  readonly bodyBytesMax?: number;
  /** Requests served at the same time; more are answered with 429. 0, the default: no limit. */
  readonly requestsMax?: number;
  /** Connections that may be open at the same time. 0, the default: no limit. */
  readonly connectionsMax?: number;
  /** How long close() lets requests in progress go on. Default 5 s. */
  readonly drainMs?: number;
  /** Where connections come from. Default: they are listened for. */
  readonly source?: ConnectionSource;
}

/**
 * Opens the ingress. Resolves once it listens; until `ready()` it answers 503.
 * @throws PortError  PDR5001
 */
export async function startIngress(options: IngressOptions): Promise<Port> {
  const { invocations, watches, registry, ready, host, port, requestsMax, drainMs, source } =
    options;
  const { bodyBytesMax = payloadBytesMax, connectionsMax = 0 } = options;
  const parts = { invocations, watches, registry, ready, bodyBytesMax, requestsMax };
  const closing = new AbortController();
  const handler = createIngressHandler(parts, createConnectHandler(parts, closing.signal));
  const { address, close } = await openPort({
    host,
    port,
    handler,
    connectionsMax,
    ...(drainMs === undefined ? {} : { drainMs }),
    ...(source === undefined ? {} : { source }),
  });
  return {
    address,
    close: () => {
      closing.abort();
      return close();
    },
  };
}

// Opens the ingress: one port for the JSON routes and for perdure.ingress.v1.Ingress, over HTTP/1.1
// and HTTP/2.

import { payloadBytesMax } from "@perdure/protocol/limits";
import { openPort } from "../http/port.js";
import type { Port } from "../http/port.js";
import { createConnectHandler } from "./connect-service.js";
import type { IngressParts } from "./parts.js";
import { createIngressHandler } from "./routes.js";

export interface IngressOptions extends Omit<IngressParts, "bodyBytesMax"> {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Largest request body; default 32 MiB. */
  readonly bodyBytesMax?: number;
}

/**
 * Opens the ingress. Resolves once it listens; until `ready()` it answers 503.
 * @throws PortError  PDR5001
 */
export function startIngress(options: IngressOptions): Promise<Port> {
  const { invocations, registry, ready, host, port, bodyBytesMax = payloadBytesMax } = options;
  const parts = { invocations, registry, ready, bodyBytesMax };
  const handler = createIngressHandler(parts, createConnectHandler(parts));
  return openPort({ host, port, handler });
}

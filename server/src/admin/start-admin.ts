// Opens the admin port: REST routes and perdure.admin.v1.DeploymentService, over HTTP/1.1 and HTTP/2.

import { hostsFor } from "../http/host-check.js";
import { openPort } from "../http/port.js";
import type { Port } from "../http/port.js";
import { createConnectHandler } from "./connect-service.js";
import type { AdminParts } from "./parts.js";
import { createRedaction } from "./redaction.js";
import { createAdminHandler } from "./routes.js";
import { optionDefaults } from "./service-metadata.js";
import type { OptionDefaults } from "./service-metadata.js";

export interface AdminOptions extends Omit<
  AdminParts,
  "defaults" | "hosts" | "redaction" | "requestsMax"
> {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where the server is configured otherwise than by default. */
  readonly defaults?: Partial<OptionDefaults>;
  /** Names by which the port may be called. Where it listens beyond this machine, default any. */
  readonly hosts?: readonly string[];
  /** Names of headers whose values are not shown; `*` stands for any characters. Default none. */
  readonly redactedHeaders?: readonly string[];
  /** Requests served at the same time. Default 0: no limit. */
  readonly requestsMax?: number;
  /** Connections that may be open at the same time. Default 0: no limit. */
  readonly connectionsMax?: number;
}

/**
 * Opens the admin port. Resolves once it listens; until `ready()` it answers 503, except to `GET /version`.
 * @throws PortError  PDR5001
 */
export function startAdmin(options: AdminOptions): Promise<Port> {
  const { registrar, operators, ready, ingressUrl, host, port, requestsMax = 0 } = options;
  const defaults = { ...optionDefaults, ...options.defaults };
  const { hosts: named = [], redactedHeaders = [] } = options;
  const hosts = hostsFor(host, named);
  const redaction = createRedaction(redactedHeaders);
  const parts = {
    registrar,
    operators,
    ready,
    ingressUrl,
    defaults,
    hosts,
    redaction,
    requestsMax,
  };
  const handler = createAdminHandler(parts, createConnectHandler(parts));
  return openPort({ host, port, handler, connectionsMax: options.connectionsMax ?? 0 });
}

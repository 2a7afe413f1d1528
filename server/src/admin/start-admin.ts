// Opens the admin port: REST routes and perdure.admin.v1.DeploymentService, over HTTP/1.1 and HTTP/2.

import { openPort } from "../http/port.js";
import type { Port } from "../http/port.js";
import { createConnectHandler } from "./connect-service.js";
import type { AdminParts } from "./parts.js";
import { createAdminHandler } from "./routes.js";
import { optionDefaults } from "./service-metadata.js";
import type { OptionDefaults } from "./service-metadata.js";

export interface AdminOptions extends Omit<AdminParts, "defaults" | "requestsMax"> {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where the server is configured otherwise than by default. */
  readonly defaults?: Partial<OptionDefaults>;
  /** Requests served at the same time. Default 0: no limit. */
  readonly requestsMax?: number;
}

/**
 * Opens the admin port. Resolves once it listens; until `ready()` it answers 503, except to `GET /version`.
 * @throws PortError  PDR5001
 */
export function startAdmin(options: AdminOptions): Promise<Port> {
  const { registrar, operators, ready, ingressUrl, host, port, requestsMax = 0 } = options;
  const defaults = { ...optionDefaults, ...options.defaults };
  const parts = { registrar, operators, ready, ingressUrl, defaults, requestsMax };
  const handler = createAdminHandler(parts, createConnectHandler(parts));
  return openPort({ host, port, handler });
}

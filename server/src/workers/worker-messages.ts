// What the server and a worker process say to one another beside their link: how the worker is started, served and ended.

import type { ServerConfig } from "../config/server-config.js";
import type { PortAddress } from "../http/listener.js";
import type { Layout } from "./routing.js";

export interface WorkerStart {
  readonly kind: "start";
  readonly worker: number;
  readonly layout: Layout;
  /** Of the worker's shard. */
  readonly directory: string;
  /** Where the workers listen for one another. */
  readonly meeting: string;
  /** Of the ingress. */
  readonly ingress: PortAddress;
  /** What the worker may use is its share already. */
  readonly config: ServerConfig;
}

export type ToWorker =
  | WorkerStart
  /** All workers can be found, and have recovered. `lastEventAt` is that of the newest record of all. */
  | { readonly kind: "meet"; readonly lastEventAt: number }
  /** All workers are ready: callers are served. */
  | { readonly kind: "serve" }
  /** Comes with a connection of a caller. */
  | { readonly kind: "connection" }
  /** No new work; requests that are being answered may end. */
  | { readonly kind: "drain" }
  | { readonly kind: "close" };

export type FromWorker =
  /** It can be found, and has recovered. */
  | { readonly kind: "recovered"; readonly lastEventAt: number }
  | { readonly kind: "opened" | "serving" | "drained" }
  /** It could not start, or had to stop itself. */
  | { readonly kind: "failed"; readonly code: string | undefined; readonly message: string };

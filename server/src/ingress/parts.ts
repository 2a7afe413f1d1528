// What the ingress is built of: the engine as callers may use it, what is registered, and limits.

import type { RegistryView } from "../shard/registry-view.js";
import type { Invocations } from "../shard/invocations.js";
import type { Watches } from "../shard/watches.js";

export interface IngressParts {
  readonly invocations: Invocations;
  readonly watches: Pick<Watches, "watch">;
  /** The version of the moment. */
  readonly registry: () => RegistryView;
  /** False until recovery is complete: nothing is accepted before. */
  readonly ready: () => boolean;
  /** Largest request body; a larger one is answered with 413. */
  readonly bodyBytesMax: number;
  /** Requests served at the same time, those that wait for a result included; 0 or undefined: no limit. */
  readonly requestsMax: number | undefined;
}

// What an endpoint is made of, whatever runs it.

import type { Definable } from "@perdure/protocol/definitions";
import type { DefaultServiceOptions } from "../definitions/options.js";
import type { LoggerTransport } from "../logger.js";
import type { JournalValueCodecProvider } from "../serde/journal-value-codec.js";
import type { GeneratedManifest } from "./generated-manifest.js";

export interface EndpointOptions {
  /** Decorated classes and definitions. */
  readonly services: readonly Definable[];
  /**
   * What `perdure codegen` wrote of these services: `manifest` of its manifest.ts (or manifest.binpb, or manifest.json);
   * an array where it wrote several packages. Discover then tells documentation, schemas and protobuf types beside what
   * the code says, so that the server offers the services to typed callers; and inputs and outputs have their `Date`,
   * `bigint` and `Uint8Array`. Every service must be in it; it may have more. Default: none, and values are plain JSON.
   */
  readonly manifest?: GeneratedManifest | readonly GeneratedManifest[];
  /** Public keys (`publickeyv1_…`) of the servers that may call. Default: anybody may. */
  readonly identityKeys?: readonly string[];
  /** Options of every service that does not say otherwise. */
  readonly defaultServiceOptions?: DefaultServiceOptions;
  /** Where log lines go. Default: the console, by PERDURE_LOGGING. */
  readonly logger?: LoggerTransport;
  /** A codec of everything in the journals of these services: encryption, compression. Default: none. */
  readonly journalValueCodecProvider?: JournalValueCodecProvider;
  /** What `ctx.date` reads, in epoch milliseconds. Default: the system's clock. For tests. */
  readonly now?: () => number;
  /** Whether attempts may wait on an open stream. Default: where the runtime can. */
  readonly bidirectional?: boolean;
}

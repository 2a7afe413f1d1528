// The configuration as the server uses it: checked, durations in milliseconds, sizes in bytes.

import type { RetryPolicy } from "@perdure/protocol/retry";
import type { LogLevel } from "../observe/log.js";
import type { RetentionDefaults } from "../shard/retention.js";

export interface ListenAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface ServerConfig {
  /** Absolute. */
  readonly dataDir: string;
  readonly ingress: ListenAddress;
  readonly admin: ListenAddress;
  readonly logLevel: LogLevel;
  /** Largest body of a request. */
  readonly bodyBytesMax: number;
  /** Live bytes of the tables at which a checkpoint begins. */
  readonly checkpointBytes: number;
  readonly retention: RetentionDefaults;
  /** How long an attempt may wait before it is suspended. 0: at once. */
  readonly inactivityTimeoutMs: number;
  /** How long an attempt that was asked to stop may take. */
  readonly abortTimeoutMs: number;
  /** For handlers and services that bring none. */
  readonly retryPolicy: RetryPolicy;
  /** Attempts that compute at the same time. */
  readonly concurrency: number;
}

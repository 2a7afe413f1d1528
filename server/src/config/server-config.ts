// The configuration as the server uses it: checked, durations in milliseconds, sizes in bytes.

import type { RetryPolicy } from "@perdure/protocol/retry";
import type { AllowedHost } from "../outbound/allowed-hosts.js";
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
  /** Of a new data directory; one that exists keeps its own. */
  readonly partitions: number;
  /** Processes that share the partitions; undefined: as many as the data directory has, 1 in a new one. */
  readonly workers: number | undefined;
  readonly ingress: ListenAddress;
  readonly admin: ListenAddress;
  readonly logLevel: LogLevel;
  /** Largest body of a request, and largest value that a handler may record. */
  readonly bodyBytesMax: number;
  /** Requests served at the same time; 0: no limit. */
  readonly ingressRequestsMax: number;
  readonly adminRequestsMax: number;
  /** Connections that may be open at the same time; 0: as many as there are file descriptors for. */
  readonly ingressConnectionsMax: number;
  readonly adminConnectionsMax: number;
  /** Bytes of submissions that may wait to be stored; more are refused. */
  readonly submissionsBytesMax: number;
  /** Live bytes of the tables at which a checkpoint begins. */
  readonly checkpointBytes: number;
  readonly retention: RetentionDefaults;
  /** How long an attempt may wait before it is suspended. 0: at once. */
  readonly inactivityTimeoutMs: number;
  /** How much longer than the inactivity timeout an attempt may compute without a sign of life. */
  readonly abortTimeoutMs: number;
  /** For handlers and services that bring none. */
  readonly retryPolicy: RetryPolicy;
  /** The most attempts that services may ask for; Infinity for no limit. */
  readonly maxRetryAttempts: number;
  /** Attempts that compute at the same time. */
  readonly concurrency: number;
  /** Bytes of journal and state that one attempt may have; an invocation that needs more is paused. */
  readonly attemptBytesMax: number;
  /** Bytes that all attempts may have together. */
  readonly attemptsBytesMax: number;
  /** State that is sent along with an attempt; 0: the SDK asks key by key. */
  readonly eagerStateBytesMax: number;
  /** Where deployments may be; empty: anywhere but at link-local addresses. */
  readonly allowDeployments: readonly AllowedHost[];
  /** Names that the admin port may be called by, in lower case; `*` for any. */
  readonly adminHosts: readonly string[];
  /** Names of headers whose values the admin port does not show, in lower case; `*` stands for any characters. */
  readonly redactedHeaders: readonly string[];
  /** A PEM file with an ed25519 private key; empty: requests to services are not signed. */
  readonly requestIdentityKeyFile: string;
}

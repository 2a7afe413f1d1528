// Options of services and handlers. What a handler says wins over what its service says; what neither says
// is the server's default.

import type { Duration } from "@perdure/protocol/duration";
import type { TerminalError } from "../errors.js";
import type { Serde } from "../serde/serde.js";

export interface RetryPolicy {
  /** Default 500 ms. */
  readonly initialInterval?: Duration;
  /** Default 2. */
  readonly exponentiationFactor?: number;
  /** Default 60 s. */
  readonly maxInterval?: Duration;
  /** The first attempt included. Default 70; Infinity for no limit. */
  readonly maxAttempts?: number;
  /** Default "pause". */
  readonly onMaxAttempts?: "pause" | "kill";
}

/** Turns an error of the domain into a terminal one; undefined leaves it as it is. */
export type AsTerminalError = (error: unknown) => TerminalError | undefined;

/** What both services and handlers can say. */
export interface SharedOptions {
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** How long the result of an idempotent call is kept. Default 24 h. */
  readonly idempotencyRetention?: Duration;
  /** How long the journal is kept after the end. Default 24 h. */
  readonly journalRetention?: Duration;
  /** An attempt that only waits is suspended after this long. Default 1 min. */
  readonly inactivityTimeout?: Duration;
  /** Default 10 min. */
  readonly abortTimeout?: Duration;
  /** Not callable through the ingress, only by handlers. */
  readonly ingressPrivate?: boolean;
  readonly retryPolicy?: RetryPolicy;
  readonly asTerminalError?: AsTerminalError;
  readonly serde?: Serde<unknown>;
  /** Accepted and carried; acts with a later release. */
  readonly explicitCancellation?: boolean;
  readonly onJournalMismatchErrors?: "retry" | "pause" | "fail";
  readonly hooks?: readonly unknown[];
}

export interface ServiceOptions extends SharedOptions {}

export interface ObjectOptions extends SharedOptions {
  /** State is fetched key by key instead of sent along with each attempt. */
  readonly enableLazyState?: boolean;
}

export interface WorkflowOptions extends ObjectOptions {
  /** How long a finished workflow, its state and its promises are kept. Default 24 h. */
  readonly workflowRetention?: Duration;
}

export interface ServiceHandlerOpts<I = unknown, O = unknown> extends SharedOptions {
  /** Content type that callers must send. */
  readonly accept?: string;
  readonly input?: Serde<I>;
  readonly output?: Serde<O>;
  readonly setOutputContentTypeIfEmpty?: boolean;
}

export interface ObjectHandlerOpts<I = unknown, O = unknown> extends ServiceHandlerOpts<I, O> {
  readonly enableLazyState?: boolean;
}

export interface WorkflowHandlerOpts<I = unknown, O = unknown> extends ObjectHandlerOpts<I, O> {}

/** All options of a service, whatever its kind. */
export type AnyServiceOptions = WorkflowOptions;
export type AnyHandlerOptions = WorkflowHandlerOpts;

// Options of services and handlers. What a handler says wins over what its service says, and that over what the
// endpoint says for all (`defaultServiceOptions`); what nobody says is the server's default. Hooks add up instead.

import type { Duration } from "@perdure/protocol/duration";
import type { TerminalError } from "../errors.js";
import type { Serde } from "../serde/serde.js";
import type { HooksProvider } from "./hooks.js";

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
  /** For values that no more specific serde is given for. Default JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- for values of any type
  readonly serde?: Serde<any>;
  /** Cancelling throws nothing and cancels no calls: the code awaits `cancellation()` of `internal.ContextInternal`. */
  readonly explicitCancellation?: boolean;
  readonly onJournalMismatchErrors?: "retry" | "pause" | "fail";
  /** Around attempts and steps. The endpoint's are outermost, then the service's, then the handler's. */
  readonly hooks?: readonly HooksProvider[];
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

/** Options that an endpoint gives to all of its services; each takes those that it can have. */
export type DefaultServiceOptions = Omit<WorkflowOptions, "description" | "metadata">;

/** All options of a service, whatever its kind. */
export type AnyServiceOptions = WorkflowOptions;
export type AnyHandlerOptions = WorkflowHandlerOpts;

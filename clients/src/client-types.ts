// What a client of a service type looks like, derived from the handlers: each handler
// `(ctx, input) => Promise<output>` becomes `(input, options?) => Promise<…>`.
// A handler whose name every object has, or that makes an object awaitable, has no method here; it can be
// reached by `Ingress.call`.

import type { HandlerInput, HandlerNames, HandlerOutput } from "@perdure/protocol/definitions";
import type { Opts, SendOpts } from "./options.js";

declare const outputType: unique symbol;

/** What the ingress says of something that was submitted and not waited for. */
export interface SendHandle<Output = unknown> {
  /** inv_… */
  readonly invocationId: string;
  /** PreviouslyAccepted: the same workflow key or idempotency key was submitted before. */
  readonly status: "Accepted" | "PreviouslyAccepted";
  /**
   * True where the result is kept for whoever asks later: workflow runs, and sends with an idempotency
   * key. Others are kept for as long as their journal.
   */
  readonly attachable: boolean;
  /** Never there at run time. */
  readonly [outputType]?: Output;
}

export interface WorkflowSubmission<Output = unknown> extends SendHandle<Output> {
  readonly attachable: true;
}

/** The result of a workflow, if it has one by now. */
export type WorkflowOutput<Output> =
  | { readonly ready: true; readonly result: Output }
  | { readonly ready: false; readonly result: undefined };

type Arguments<Input extends readonly unknown[], Options> =
  [...input: Input, options?: Options] | ([] extends Input ? [options: Options] : never);

export type CallMethod<Handler> = (
  ...args: Arguments<HandlerInput<Handler>, Opts>
) => Promise<HandlerOutput<Handler>>;

export type SendMethod<Handler> = (
  ...args: Arguments<HandlerInput<Handler>, SendOpts>
) => Promise<SendHandle<HandlerOutput<Handler>>>;

/** Names that a client can't offer. */
export type ReservedName = "then" | "toJSON" | "toString" | "valueOf" | "constructor";

type Callable<Handlers, Without = never> = Exclude<HandlerNames<Handlers>, ReservedName | Without>;

/** Calls: each method resolves with the handler's result. */
export type CallClient<Handlers> = {
  readonly [Name in Callable<Handlers>]: CallMethod<Handlers[Name]>;
};

/** Sends: each method resolves when the invocation is durable. */
export type SendClient<Handlers> = {
  readonly [Name in Callable<Handlers>]: SendMethod<Handlers[Name]>;
};

type RunOf<Handlers> = Handlers extends { readonly run: infer Run } ? Run : never;

export interface WorkflowLifecycle<Run> {
  /**
   * Submits the run and does not wait for it. A key that was submitted before is no error: the
   * status says so, and what was submitted first goes on.
   */
  readonly workflowSubmit: (
    ...args: Arguments<HandlerInput<Run>, SendOpts>
  ) => Promise<WorkflowSubmission<HandlerOutput<Run>>>;

  /**
   * Waits for the result of the run.
   * @throws HttpCallError  the failure with which it ended; 404 if it was never submitted
   */
  readonly workflowAttach: (options?: Opts) => Promise<HandlerOutput<Run>>;

  /**
   * The result of the run, without waiting for it.
   * @throws HttpCallError  the failure with which it ended; 404 if it was never submitted
   */
  readonly workflowOutput: (options?: Opts) => Promise<WorkflowOutput<HandlerOutput<Run>>>;
}

/** The run by its three methods, the shared handlers by name. */
export type WorkflowClient<Handlers> = WorkflowLifecycle<RunOf<Handlers>> & {
  readonly [Name in Callable<Handlers, "run" | keyof WorkflowLifecycle<never>>]: CallMethod<
    Handlers[Name]
  >;
};

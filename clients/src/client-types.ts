// What a client of a service type looks like, derived from the handlers: each handler
// `(ctx, input) => Promise<output>` becomes `(input, options?) => Promise<…>`.
// A handler whose name every object has, or that makes an object awaitable, has no method here; it can be
// reached by `Ingress.call`.

import type {
  FunctionsOf,
  HandlerInput,
  HandlerNames,
  HandlerOutput,
} from "@perdure/protocol/definitions";
import type { Opts, SendOpts } from "./options.js";

declare const outputType: unique symbol;

/** What the ingress says of something that was submitted and not waited for. */
export interface Send<O = unknown> {
  /** inv_… */
  readonly invocationId: string;
  /**
   * PreviouslyAccepted: the same workflow key or idempotency key was submitted before. Where the connection
   * retries, it may have been an earlier attempt of the same submission.
   */
  readonly status: "Accepted" | "PreviouslyAccepted";
  /** True where the result is kept for whoever asks later: workflow runs, and sends with an idempotency key. */
  readonly attachable: boolean;
  /** When it runs, at the earliest, as RFC 3339 says it; only of what was sent with a delay. */
  readonly executionTime?: string;
  /** Never there at run time. */
  readonly [outputType]?: O;
}

export interface WorkflowSubmission<O = unknown> extends Send<O> {
  readonly attachable: true;
}

/** The result of a workflow, if it has one by now. */
export type Output<O> =
  | { readonly ready: true; readonly result: O }
  | { readonly ready: false; readonly result: undefined };

type Arguments<Input extends readonly unknown[], Options> =
  | [...input: Input, options?: Options]
  | (MayBeLeftOut<Input> extends true ? [options: Options] : never);

type MayBeLeftOut<Input extends readonly unknown[]> = [] extends Input
  ? true
  : Input extends readonly [infer Only]
    ? void extends Only
      ? true
      : false
    : false;

/** The type of the first argument. */
export type InferArgType<Input> = Input extends readonly [(infer First)?, ...unknown[]]
  ? First
  : unknown;

type OptsOf<Handler> = Opts<InferArgType<HandlerInput<Handler>>, HandlerOutput<Handler>>;
type SendOptsOf<Handler> = SendOpts<InferArgType<HandlerInput<Handler>>>;

export type CallMethod<Handler> = (
  ...args: Arguments<HandlerInput<Handler>, OptsOf<Handler>>
) => Promise<HandlerOutput<Handler>>;

export type SendMethod<Handler> = (
  ...args: Arguments<HandlerInput<Handler>, SendOptsOf<Handler>>
) => Promise<Send<HandlerOutput<Handler>>>;

/** Names that a client can't offer. */
export type ReservedName = "then" | "toJSON" | "toString" | "valueOf" | "constructor";

type Callable<Handlers, Without = never> = Exclude<HandlerNames<Handlers>, ReservedName | Without>;

/** Calls: each method resolves with the handler's result. */
export type IngressClient<Handlers> = {
  readonly [Name in Callable<Handlers>]: CallMethod<Handlers[Name]>;
};

/** Sends: each method resolves when the invocation is durable. */
export type IngressSendClient<Handlers> = {
  readonly [Name in Callable<Handlers>]: SendMethod<Handlers[Name]>;
};

/** Calls of an interface's handlers, given its descriptors. */
export type IngressClientFromDescriptors<Descriptors> = IngressClient<FunctionsOf<Descriptors>>;

/** Sends to an interface's handlers, given its descriptors. */
export type IngressSendClientFromDescriptors<Descriptors> = IngressSendClient<
  FunctionsOf<Descriptors>
>;

type RunOf<Handlers> = Handlers extends { readonly run: infer Run } ? Run : never;

export interface WorkflowLifecycle<Run> {
  /**
   * Submits the run and does not wait for it. A key that was submitted before is no error: the
   * status says so, and what was submitted first goes on. Retried where the connection retries.
   */
  readonly workflowSubmit: (
    ...args: Arguments<HandlerInput<Run>, SendOptsOf<Run>>
  ) => Promise<WorkflowSubmission<HandlerOutput<Run>>>;

  /**
   * Waits for the result of the run. Retried where the connection retries.
   * @throws HttpCallError  the failure with which it ended; 404 if it was never submitted
   */
  readonly workflowAttach: (
    options?: Opts<void, HandlerOutput<Run>>,
  ) => Promise<HandlerOutput<Run>>;

  /**
   * The result of the run, without waiting for it. Retried where the connection retries.
   * @throws HttpCallError  the failure with which it ended; 404 if it was never submitted
   */
  readonly workflowOutput: (
    options?: Opts<void, HandlerOutput<Run>>,
  ) => Promise<Output<HandlerOutput<Run>>>;
}

/** The run by its three methods, the shared handlers by name. */
export type IngressWorkflowClient<Handlers> = WorkflowLifecycle<RunOf<Handlers>> & {
  readonly [Name in Callable<Handlers, "run" | keyof WorkflowLifecycle<never>>]: CallMethod<
    Handlers[Name]
  >;
};

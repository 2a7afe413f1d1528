// Everything a service author uses.

export type { Duration } from "@perdure/protocol/duration";
export type { Definition } from "@perdure/protocol/definitions";
export { object, service, workflow } from "./definitions/define.js";
export { exclusive, handler, run, shared } from "./definitions/decorators.js";
export {
  createObjectHandler,
  createObjectSharedHandler,
  createServiceHandler,
  createWorkflowHandler,
  createWorkflowSharedHandler,
  handlers,
} from "./definitions/handlers.js";
export { DefinitionError } from "./definitions/model.js";
export type {
  AsTerminalError,
  ObjectHandlerOpts,
  ObjectOptions,
  RetryPolicy,
  ServiceHandlerOpts,
  ServiceOptions,
  WorkflowHandlerOpts,
  WorkflowOptions,
} from "./definitions/options.js";
export type {
  Awakeable,
  Context,
  ContextDate,
  GenericCall,
  GenericSend,
  InvocationId,
  ObjectContext,
  ObjectSharedContext,
  Rand,
  Request,
  RunAction,
  RunOptions,
  Target,
  TypedState,
  WorkflowContext,
  WorkflowPromise,
  WorkflowSharedContext,
} from "./context/context.js";
export {
  Opts,
  rpc,
  SendOpts,
  type CallOptions,
  type ClientOf,
  type InvocationHandle,
  type InvocationPromise,
  type SendClientOf,
  type SendOptions,
} from "./context/clients.js";
export { DurablePromise, RestatePromise } from "./futures/names.js";
export { isDurablePromise } from "./futures/durable-promise.js";
export {
  CancelledError,
  isRetryableError,
  isTerminalError,
  RetryableError,
  TerminalError,
  TimeoutError,
  type RetryableErrorOptions,
  type TerminalErrorOptions,
} from "./errors.js";
export { serde, type Serde } from "./serde/serde.js";
export {
  endpoint,
  ListenError,
  serve,
  type Endpoint,
  type Listening,
  type ServeOptions,
} from "./endpoint/endpoint.js";

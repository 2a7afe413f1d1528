// Everything a service author uses, except how services are served: what every entry point of the package exports.
// Nothing in here may need Node: see runtimes.test.ts.

export type { Duration } from "@perdure/protocol/duration";
export type { Definition, Descriptor, HandlerDescriptor } from "@perdure/protocol/definitions";
export { object, service, workflow } from "./definitions/define.js";
export { iface, type DescriptorOpts } from "./definitions/iface.js";
export { implement, type ImplementOptions } from "./definitions/implement.js";
export type { Hooks, HooksProvider, Interceptor } from "./definitions/hooks.js";
export type {
  Client,
  ClientFromDescriptors,
  KeyValueStore,
  ObjectHandler,
  ObjectSharedHandler,
  SendClient,
  SendClientFromDescriptors,
  Service,
  ServiceDefinition,
  ServiceDefinitionFrom,
  ServiceHandler,
  UntypedState,
  VirtualObject,
  VirtualObjectDefinition,
  VirtualObjectDefinitionFrom,
  Workflow,
  WorkflowDefinition,
  WorkflowDefinitionFrom,
  WorkflowHandler,
  WorkflowSharedHandler,
} from "./definitions/type-names.js";
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
  DefaultServiceOptions,
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
  ClientMakers,
  Context,
  ContextDate,
  GenericCall,
  GenericSend,
  IdempotentTarget,
  InvocationId,
  InvocationReference,
  InvocationResult,
  InvocationTarget,
  ObjectContext,
  ObjectSharedContext,
  Rand,
  Request,
  RunAction,
  RunOptions,
  ScopedContext,
  SignalReference,
  StepContext,
  Target,
  TypedState,
  WorkflowContext,
  WorkflowPromise,
  WorkflowSharedContext,
  WorkflowTarget,
} from "./context/context.js";
export { InvocationIdParser } from "./context/invocation-id.js";
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
export { CombineablePromise, DurablePromise, RestatePromise } from "./futures/names.js";
export {
  isDurablePromise,
  isDurablePromise as isRestatePromise,
} from "./futures/durable-promise.js";
export {
  CancelledError,
  isPauseError,
  isRetryableError,
  isTerminalError,
  PauseError,
  RestateError,
  RetryableError,
  TerminalError,
  TimeoutError,
  type RestateErrorOptions,
  type RetryableErrorOptions,
  type TerminalErrorOptions,
} from "./errors.js";
export * as internal from "./internal.js";
export { serde, type Serde, type SerdePreview } from "./serde/serde.js";
export type { JsonSerde } from "./serde/json-serde.js";
export type { StandardSchema } from "./serde/standard-schema.js";
export type { JournalValueCodec, JournalValueCodecProvider } from "./serde/journal-value-codec.js";
export type {
  LoggerContext,
  LoggerTransport,
  LogMetadata,
  LogSource,
  RestateLogLevel,
} from "./logger.js";
export type { EndpointOptions } from "./endpoint/endpoint-options.js";
export {
  ManifestError,
  type GeneratedManifest,
  type ManifestErrorCode,
} from "./endpoint/generated-manifest.js";

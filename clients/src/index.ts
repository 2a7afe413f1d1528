// Public entry of the package: names are listed here one by one.

export { connect } from "./connect.js";
export { ClientError, ClientErrorCode, HttpCallError } from "./errors.js";
export { Opts, rpc, SendOpts } from "./options.js";
export { defaultShouldRetry } from "./retry.js";
export { serde } from "./serdes.js";
export { defineObject, defineService, defineWorkflow } from "./typed/define.js";

export type { Duration } from "@perdure/protocol/duration";
export type { DefinableAs, ServiceName } from "@perdure/protocol/definitions";
export type {
  CallMethod,
  InferArgType,
  IngressClient,
  IngressClientFromDescriptors,
  IngressSendClient,
  IngressSendClientFromDescriptors,
  IngressWorkflowClient,
  Output,
  Send,
  SendMethod,
  WorkflowLifecycle,
  WorkflowSubmission,
} from "./client-types.js";
export type { ConnectionOpts } from "./connection.js";
export type { GenericCall, GenericSend, Ingress, ScopedIngress } from "./ingress.js";
export type { IngressCallOptions, IngressSendOptions, ResultOptions } from "./options.js";
export type { RetryFailure, RetryPolicy } from "./retry.js";
export type { StandardIssue, StandardResult, StandardSchema } from "./schema-serde.js";
export type { JournalValueCodec, Serde } from "./serde.js";
export type { HandlerTarget } from "./target-path.js";
export type { Fetch, TransportOptions } from "./transport.js";
export type {
  HandlerData,
  ObjectClient,
  ServiceClient,
  ServiceData,
  Submission,
  WorkflowClient,
} from "./typed/client-types.js";
export type { AttachOptions, CallOptions, SendOptions, SubmitOptions } from "./typed/options.js";

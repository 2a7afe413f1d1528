// Public entry of the package: names are listed here one by one.

export { connect } from "./connect.js";
export { ClientError, ClientErrorCode, HttpCallError } from "./errors.js";
export { Opts, rpc, SendOpts } from "./options.js";
export { serde } from "./serde.js";

export type {
  CallClient,
  CallMethod,
  SendClient,
  SendHandle,
  SendMethod,
  WorkflowClient,
  WorkflowLifecycle,
  WorkflowOutput,
  WorkflowSubmission,
} from "./client-types.js";
export type { DefinableAs, ServiceName } from "@perdure/protocol/definitions";
export type { Ingress, UntypedCall, UntypedSend } from "./ingress.js";
export type { CallOptions, SendOptions } from "./options.js";
export type { Serde } from "./serde.js";
export type { HandlerTarget } from "./target-path.js";
export type { Fetch, TransportOptions } from "./transport.js";

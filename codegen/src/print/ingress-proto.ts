// The untyped ingress for teams that have only the output: the details of failures, and Watch. What stands in
// proto/perdure/ingress/v1/ingress.proto of Perdure's own contracts. A test holds the two together.

export const ingressProtoPath = "perdure/ingress/v1/ingress.proto";

export const ingressProto: string = `syntax = "proto3";

// The untyped ingress: any handler, by name, from any Connect, gRPC or gRPC-Web client.
// The HTTP/JSON routes are the same operations.
package perdure.ingress.v1;

// buf:lint:ignore SERVICE_SUFFIX
service Ingress {
  // Runs a handler and waits for its result. With an idempotency key it may be retried at will.
  // Errors: NOT_FOUND (service, handler), INVALID_ARGUMENT, RESOURCE_EXHAUSTED (overload), ALREADY_EXISTS
  // (the workflow was already run); a handler's own failure is an error with a FailureDetail.
  rpc Call(CallRequest) returns (CallResponse);

  // Submits an invocation and does not wait. Answered once it is durable.
  rpc Send(SendRequest) returns (SendResponse);

  // Waits for the result of an invocation. May be retried at will.
  rpc Attach(AttachRequest) returns (AttachResponse);

  // The result of an invocation if it has one; \`ready\` is false while it has none.
  rpc Output(OutputRequest) returns (OutputResponse);

  // How far an invocation is. Never waits. NOT_FOUND where there is none.
  rpc Status(StatusRequest) returns (StatusResponse);

  // The id of an invocation from what it is derived of; whether it exists is not looked at.
  rpc Lookup(LookupRequest) returns (LookupResponse);

  // Tells what happens to an invocation, from its beginning or from behind a cursor, until it has completed. Everything
  // that is told is durable. Steps, state changes and the end are told once each and in order, also to those who take a
  // stream up again with the cursor of its last message. How the invocation stands in between (started, waiting,
  // retrying, paused) is told as it is at the moment; what passed while nobody looked is not.
  rpc Watch(WatchRequest) returns (stream WatchResponse);
}

// A handler, and where and under which limits it is to run.
message Target {
  string service = 1;
  string handler = 2;
  // For virtual objects and workflows.
  optional string key = 3;
  // Keys, workflows and idempotency keys of one scope are not those of another. 1 to 36 of a-z, A-Z, 0-9,
  // "_", "." and "-".
  optional string scope = 4;
  // What the concurrency limits of the scope are counted by: one or two parts joined by "/", each like a
  // scope. Only with a scope.
  optional string limit_key = 5;
}

// What to run, and with what.
message CallRequest {
  Target target = 1;
  // As the handler's serde expects it: JSON text by default.
  bytes parameter = 2;
  // For the handler. Those that the ingress itself reads (idempotency-key, x-restate-…) are not passed on.
  map<string, string> headers = 3;
  optional string idempotency_key = 4;
  // Empty: the content type that the handler's input asks for.
  string content_type = 5;
}

// The result of a call.
message CallResponse {
  string invocation_id = 1;
  // As the handler's serde made it.
  bytes result = 2;
}

// What to run, with what, and when.
message SendRequest {
  Target target = 1;
  // As of a call.
  bytes parameter = 2;
  // As of a call.
  map<string, string> headers = 3;
  optional string idempotency_key = 4;
  // As of a call.
  string content_type = 5;
  // Start no earlier than this long after the submission.
  uint64 delay_ms = 6;
}

// What was submitted.
message SendResponse {
  string invocation_id = 1;
  // False: it was accepted before, under the same workflow key or idempotency key.
  bool newly_accepted = 2;
  // Epoch milliseconds; absent unless delayed.
  optional uint64 execution_time_ms = 3;
}

// The run of a workflow.
message WorkflowTarget {
  string workflow = 1;
  string key = 2;
  // The one that it was submitted in.
  optional string scope = 3;
}

// What was submitted with an idempotency key.
message IdempotentTarget {
  string service = 1;
  string handler = 2;
  // For virtual objects, and for the shared handlers of workflows.
  optional string key = 3;
  string idempotency_key = 4;
  // The one that it was submitted in.
  optional string scope = 5;
}

// An invocation, by its id or by what its id is derived of.
message InvocationTarget {
  oneof target {
    // inv_1…
    string invocation_id = 1;
    WorkflowTarget workflow = 2;
    IdempotentTarget idempotent = 3;
  }
}

// Which invocation to wait for.
message AttachRequest {
  InvocationTarget invocation = 1;
}

// The result of an invocation.
message AttachResponse {
  string invocation_id = 1;
  // As the handler's serde made it.
  bytes result = 2;
}

// Which invocation to look at.
message OutputRequest {
  InvocationTarget invocation = 1;
}

// The result of an invocation, if it has one.
message OutputResponse {
  string invocation_id = 1;
  // False: it has not ended.
  bool ready = 2;
  // As the handler's serde made it; empty while it is not ready.
  bytes result = 3;
}

// Which invocation to look at.
message StatusRequest {
  InvocationTarget invocation = 1;
}

// How far an invocation is.
enum Stage {
  STAGE_UNSPECIFIED = 0;
  // It waits for its time, for its key, or for a limit of its scope.
  STAGE_CREATED = 1;
  // It runs, waits for something that its code awaits, is to be retried, or is paused.
  STAGE_STARTED = 2;
  // It has ended.
  STAGE_COMPLETED = 3;
}

// How far an invocation is, and what went wrong with it.
message StatusResponse {
  string invocation_id = 1;
  Stage stage = 2;
  // How it failed, or, while it is being retried or paused, how its last attempt failed. Absent for neither.
  FailureDetail failure = 3;
}

// Which invocation to watch, and from where.
message WatchRequest {
  InvocationTarget invocation = 1;
  // Of the last message that was received; empty: from the beginning.
  string cursor = 2;
}

// Something that happened to an invocation.
message WatchResponse {
  string invocation_id = 1;
  // For the next Watch, after this message.
  string cursor = 2;
  oneof event {
    Accepted accepted = 3;
    Started started = 4;
    StepRecorded step_recorded = 5;
    StateChanged state_changed = 6;
    Waiting waiting = 7;
    Retrying retrying = 8;
    Paused paused = 9;
    Completed completed = 10;
  }
}

// It is durable and will run.
message Accepted {
  Target target = 1;
  // Epoch milliseconds.
  uint64 accepted_at_ms = 2;
}

// Its code was started for the first time, or again after it was paused, waited or failed.
message Started {
  string deployment_id = 1;
}

// The result of something that its code asked for is in the journal.
message StepRecorded {
  uint32 index = 1;
  // What was asked for: "run", "sleep", "call", …
  string operation = 2;
  // The name of the step, if it has one.
  string name = 3;
  // How it failed, if it did.
  FailureDetail failure = 4;
}

// Its code wrote state of its key.
message StateChanged {
  uint32 index = 1;
  // Empty: all keys were cleared.
  string state_key = 2;
  bool cleared = 3;
}

// Its code can't go on before something that it awaits has come.
message Waiting {}

// Its last attempt failed; there will be another.
message Retrying {
  FailureDetail failure = 1;
}

// It stands still until an operator resumes it.
message Paused {
  FailureDetail failure = 1;
}

// It has ended. The last message of the stream.
message Completed {
  // As the handler's serde made it.
  bytes result = 1;
  FailureDetail failure = 2;
}

// What the id is derived of.
message LookupRequest {
  InvocationTarget invocation = 1;
}

// An id, which may stand for no invocation yet.
message LookupResponse {
  string invocation_id = 1;
}

// Attached to an error that is an invocation's own failure; also part of its status.
message FailureDetail {
  // Of the failure, in the numbers of HTTP.
  uint32 code = 1;
  string message = 2;
  map<string, string> metadata = 3;
}
`;

// What the testing kit needs of the SDK's inside to replay journals without a server. Not public: it changes
// with the SDK, and only packages of the same version may use it.

export { Attempt, type AttemptOptions } from "./attempt/attempt.js";
export { readableBytes } from "./attempt/readers.js";
export { withValue } from "./attempt/value-slots.js";
export type { HandlerModel, ServiceModel } from "./definitions/model.js";
export type { EndpointOptions } from "./endpoint/endpoint-options.js";
export { helloOf } from "./endpoint/hello.js";
export { invoke } from "./endpoint/invoke.js";
export { resolveEndpoint } from "./endpoint/resolve-endpoint.js";
export { EndpointSession } from "./endpoint/session.js";
export { runHandler } from "./endpoint/run-handler.js";
export { createLogger } from "./logger.js";
export { JournalMismatch, type MismatchSides } from "./replay/journal-mismatch.js";
export { describeCommand } from "./replay/match.js";

// Entry point for AWS Lambda.

export * from "./common.js";
export {
  createEndpointHandler,
  endpoint,
  type LambdaEndpoint,
  type LambdaEndpointHandler,
  type LambdaEvent,
  type LambdaResponse,
} from "./endpoint/lambda-handler.js";

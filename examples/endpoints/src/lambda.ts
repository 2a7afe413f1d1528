// An AWS Lambda function, behind a function URL, API Gateway or a load balancer.

import { createEndpointHandler } from "@perdure/sdk/lambda";
import { services } from "./services.js";

export const handler = createEndpointHandler({ services });

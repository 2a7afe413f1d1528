// A Cloudflare Worker: what a module of one exports.

import { createEndpointHandler, type WorkerEndpoint } from "@perdure/sdk/cloudflare";
import { services } from "./services.js";

const worker: WorkerEndpoint = createEndpointHandler({ services });

// oxlint-disable-next-line import/no-default-export -- what Workers want
export default worker;

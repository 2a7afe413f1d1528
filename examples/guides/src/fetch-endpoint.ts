// The same as a function of Request and Response, for Next.js, Deno, Bun and Cloud Run.

import { createEndpointHandler } from "@perdure/sdk/fetch";
import { greeter } from "./greeter-functions.js";

export const POST: (request: Request) => Promise<Response> = createEndpointHandler({
  services: [greeter],
});

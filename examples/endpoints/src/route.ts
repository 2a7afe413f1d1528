// A fetch handler, as Next.js takes it: app/perdure/[...path]/route.ts. Deno.serve(POST), Bun.serve({ fetch: POST })
// and all others that call a function with a Request take the same one.

import { createEndpointHandler } from "@perdure/sdk/fetch";
import { services } from "./services.js";

export const POST = createEndpointHandler({ services });
export const GET = POST;

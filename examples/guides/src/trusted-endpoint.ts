// An endpoint that takes requests of one server only: the one that holds the private key.

import { serve, type Listening } from "@perdure/sdk";
import { Greeter } from "./greeter.js";

/** @param publicKey  "publickeyv1_…", as the server logs it at its start */
export function serveTrusted(publicKey: string, port?: number): Promise<Listening> {
  return serve({
    services: [Greeter],
    identityKeys: [publicKey],
    ...(port === undefined ? {} : { port }),
  });
}

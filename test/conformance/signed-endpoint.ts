// Serves a counter to servers that have the identity key of IDENTITY_KEY, and to no others. A process of its own.

import { serve } from "@perdure/sdk";
import { Counter } from "./services/counter.js";

const { port } = await serve({
  services: [Counter],
  identityKeys: [process.env["IDENTITY_KEY"] ?? ""],
});
console.log(`serving Counter on ${port}`);

// Hono on Node. Elsewhere (Workers, Deno, Bun) the same route takes the fetch handler: `(c) => handler(c.req.raw)`.

import { serve, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { createEndpointHandler } from "@perdure/sdk/node";
import { services } from "./services.js";

const app = new Hono<{ Bindings: HttpBindings }>();
const handler = createEndpointHandler({ services });
app.all("/perdure/*", ({ env }) => {
  handler(env.incoming, env.outgoing);
  return RESPONSE_ALREADY_SENT;
});
app.get("/", (c) => c.text("the shop is open"));

const port = Number(process.env["PORT"] ?? 9080);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () => {
  console.log(`serving on http://127.0.0.1:${port}/perdure`);
});

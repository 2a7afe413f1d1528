// Fastify: the endpoint reads bodies itself, so Fastify is told to leave those of this route alone.

import fastify from "fastify";
import { createEndpointHandler } from "@perdure/sdk/node";
import { services } from "./services.js";

const app = fastify();
const handler = createEndpointHandler({ services });
await app.register(async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _payload, done) => {
    done(null);
  });
  scope.all("/perdure/*", (request, reply) => {
    reply.hijack();
    handler(request.raw, reply.raw);
  });
});
app.get("/", async () => "the shop is open");

const port = Number(process.env["PORT"] ?? 9080);
await app.listen({ port, host: "127.0.0.1" });
console.log(`serving on http://127.0.0.1:${port}/perdure`);

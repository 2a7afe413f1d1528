// Serves one service by a handler in a server of its own, as an application would that has its own ports, its own
// certificate, and something in front that wants to see a header. Run as a process of its own.
//   endpoint-main.ts h2c|http1|https|https1

import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { readFileSync } from "node:fs";
import { createEndpointHandler, service, type Context } from "@perdure/sdk/node";

const { PORT, IDENTITY_KEY, TLS_FOLDER, WANTED_TOKEN } = process.env;

const hello = service({
  name: "Hello",
  handlers: {
    hello: async (ctx: Context, name: string) => {
      const first = await ctx.run("first", () => `Hello ${name}`);
      await ctx.sleep(10);
      return `${first}!`;
    },
  },
});

const endpoint = createEndpointHandler({
  services: [hello],
  ...(IDENTITY_KEY === undefined ? {} : { identityKeys: [IDENTITY_KEY] }),
});
const handler: typeof endpoint = (request, response) => {
  if (WANTED_TOKEN === undefined || request.headers["x-token"] === WANTED_TOKEN) {
    return endpoint(request, response);
  }
  response.writeHead(403).end();
};

const tls = () => ({
  key: readFileSync(`${TLS_FOLDER ?? ""}/key.pem`),
  cert: readFileSync(`${TLS_FOLDER ?? ""}/cert.pem`),
});
const kinds = {
  h2c: () => createHttp2Server(handler),
  http1: () => createHttp1Server(handler),
  https: () => createSecureServer(tls(), handler),
  https1: () => createHttpsServer(tls(), handler),
};
const kind = process.argv[2] as keyof typeof kinds;
kinds[kind]().listen(Number(PORT), "127.0.0.1", () => {
  console.log(`serving ${kind} on ${PORT ?? ""}`);
});

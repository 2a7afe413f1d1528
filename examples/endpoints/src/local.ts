// Runs what needs a cloud on this machine: `local.ts route`, `local.ts worker`, `local.ts lambda`. Requests become
// what the platform would make of them, a Request or the event of a function URL.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

type FetchHandler = (request: Request) => Promise<Response>;

const platforms: Readonly<Record<string, () => Promise<FetchHandler>>> = {
  route: async () => (await import("./route.js")).POST,
  worker: async () => (await import("./worker.js")).default.fetch,
  lambda: async () => {
    const { handler } = await import("./lambda.js");
    return async (request) => {
      const answer = await handler({
        rawPath: new URL(request.url).pathname,
        requestContext: { http: { method: request.method } },
        headers: Object.fromEntries(request.headers),
        body: Buffer.from(await request.arrayBuffer()).toString("base64"),
        isBase64Encoded: true,
      });
      const body = Buffer.from(answer.body, answer.isBase64Encoded ? "base64" : "utf8");
      return new Response(body, { status: answer.statusCode, headers: answer.headers });
    };
  },
};

const name = process.argv[2] ?? "";
const make = platforms[name];
if (make === undefined) {
  console.error(`"${name}" is none of ${Object.keys(platforms).join(", ")}`);
  process.exit(1);
}
const fetchHandler = await make();

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = "GET", url = "/", headers } = request;
  const answer = await fetchHandler(
    new Request(`http://127.0.0.1${url}`, {
      method,
      headers: headers as Record<string, string>,
      ...(method === "GET" ? {} : { body: Buffer.concat(chunks) }),
    }),
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

const port = Number(process.env["PORT"] ?? 9080);
createServer((request, response) => {
  void respond(request, response);
}).listen(port, "127.0.0.1", () => {
  console.log(`serving on http://127.0.0.1:${port}/perdure`);
});

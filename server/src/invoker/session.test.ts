import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { generateKeyPairSync } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { createRequestSigner } from "../outbound/request-signer.js";
import { Session, type SessionOptions } from "./session.js";

async function uriOf(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mounted`;
}

/** Resolves with why the session is over. */
function overOf(uri: string, options: Partial<SessionOptions> = {}): Promise<unknown> {
  return new Promise((resolve) => {
    const nothing = (): undefined => undefined;
    const listener = { opened: nothing, frames: nothing, tooLarge: nothing, closed: resolve };
    const session = new Session({ uri, headers: {}, ...options, listener });
    onTestFinished(() => {
      session.close();
    });
  });
}

test("a session with what speaks no HTTP/2 is over, and nothing else happens", async () => {
  const servers = [
    createHttp1Server((_, response) => response.end()),
    createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("220 mail.example ESMTP\r\n");
    }),
  ];
  for (const server of servers) {
    expect(await overOf(await uriOf(server))).toBeInstanceOf(Error);
    // An error that nobody hears would come now, and end the process.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test("the request that opens a session has the deployment's headers, and is signed", async () => {
  let seen: IncomingHttpHeaders = {};
  const server = createHttp2Server((request, response) => {
    seen = request.headers;
    response.writeHead(401).end();
  });
  server.on("session", (connection) => {
    onTestFinished(() => {
      connection.destroy();
    });
  });
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  const signer = createRequestSigner(pem);
  await overOf(await uriOf(server), { headers: { "x-token": "t" }, signer });

  expect(seen).toMatchObject({
    ":path": "/mounted/perdure.protocol.v1.Deployment/Session",
    "x-token": "t",
    "x-restate-signature-scheme": "v1",
  });
  const [, claims = ""] = String(seen["x-restate-jwt-v1"]).split(".");
  expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
    aud: "/perdure.protocol.v1.Deployment/Session",
  });
});

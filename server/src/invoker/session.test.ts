import { createServer as createHttp1Server } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { generateKeyPairSync } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import {
  AttemptNumberSchema,
  DeploymentFrameSchema,
  type DeploymentFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { sessionFeatures } from "@perdure/protocol/features";
import { grpcHeadBytes, writeGrpcHead } from "@perdure/protocol/grpc-framing";
import { deploymentFrameOf, proposalOf, valueOf } from "@perdure/protocol/messages";
import { encodeSessionResponse } from "@perdure/protocol/session-messages";
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

/** One message, as gRPC frames it. */
function framed(frames: DeploymentFrame[]): Uint8Array {
  const bytes = encodeSessionResponse(frames, grpcHeadBytes).slice();
  writeGrpcHead(bytes);
  return bytes;
}

/** Resolves with why the session is over. */
function overOf(uri: string, options: Partial<SessionOptions> = {}): Promise<unknown> {
  return new Promise((resolve) => {
    const nothing = (): undefined => undefined;
    const listener = {
      opened: nothing,
      frames: nothing,
      active: nothing,
      tooLarge: nothing,
      closed: resolve,
    };
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

test("a session that is refused says why, in the words of whoever refused it", async () => {
  const refusals: [OutgoingHttpHeaders, RegExp][] = [
    [{ ":status": 404 }, /^Error: HTTP 404$/],
    [{ ":status": 200, "content-type": "text/html" }, /content type is "text\/html"/],
    [
      {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": "9",
        "grpc-message": "takes%20no sessions",
      },
      /^Error: takes no sessions \(gRPC status 9, FailedPrecondition\)$/,
    ],
  ];
  for (const [headers, words] of refusals) {
    const server = createHttp2Server();
    server.on("stream", (stream) => {
      stream.respond(headers, { endStream: true });
    });
    expect(String(await overOf(await uriOf(server)))).toMatch(words);
  }
});

test("a session that ends says whether it was reset, cut off, or ended as gRPC does", async () => {
  const head = { ":status": 200, "content-type": "application/grpc+proto" };
  const ends: [(stream: ServerHttp2Stream) => void, RegExp][] = [
    [(stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR), /INTERNAL_ERROR|error code 2/],
    [(stream) => stream.end(Buffer.from([0, 0, 0])), /ended within a message/],
    [
      (stream) => stream.end(Buffer.from([0, 0, 0, 0, 0])),
      /first frame of the session is no Hello/,
    ],
    [(stream) => stream.end("<html>a page</html>"), /PDR2041/],
    [(stream) => stream.session?.destroy(), /./],
    [(stream) => stream.session?.goaway(), /./],
    [
      (stream) => {
        stream.on("wantTrailers", () => {
          stream.sendTrailers({ "grpc-status": "14", "grpc-message": "restarting" });
        });
        stream.end();
      },
      /^Error: restarting \(gRPC status 14, Unavailable\)$/,
    ],
  ];
  for (const [end, words] of ends) {
    const server = createHttp2Server();
    server.on("sessionError", () => undefined);
    server.on("stream", (stream) => {
      stream.on("error", () => undefined);
      stream.respond(head, { waitForTrailers: true });
      end(stream);
      if (words.source === ".") stream.session?.close();
      if (words.source === ".") stream.close();
    });
    expect(String(await overOf(await uriOf(server)))).toMatch(words);
  }
});

test("a message that is larger than is allowed is not waited for, be it the first or one behind Hello", async () => {
  const head = { ":status": 200, "content-type": "application/grpc+proto" };
  const tooLarge = Buffer.from([0, 0x1f, 0xff, 0xff, 0xff]);
  const value = { minProtocolVersion: 1, maxProtocolVersion: 1, features: [...sessionFeatures] };
  const hello = framed([create(DeploymentFrameSchema, { frame: { case: "hello", value } })]);
  for (const bytes of [tooLarge, Buffer.concat([hello, tooLarge])]) {
    const server = createHttp2Server();
    server.on("sessionError", () => undefined);
    server.on("stream", (stream) => {
      stream.on("error", () => undefined);
      stream.respond(head);
      stream.write(bytes);
    });
    expect(String(await overOf(await uriOf(server)))).toMatch(
      /PDR2041.* 536870911 bytes, more than the 4194304 that are taken/,
    );
  }
});

test("who knows no fragments may send larger ones", async () => {
  const bytes = 5 * 1024 * 1024;
  const value = { minProtocolVersion: 1, maxProtocolVersion: 1 };
  const proposal = proposalOf(1, { case: "value", value: valueOf(new Uint8Array(bytes)) });
  const number = create(AttemptNumberSchema, { epoch: 1, counter: 1 });
  const server = createHttp2Server();
  server.on("sessionError", () => undefined);
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" });
    stream.write(framed([create(DeploymentFrameSchema, { frame: { case: "hello", value } })]));
    stream.write(
      framed([deploymentFrameOf(1, number, { case: "proposeCompletion", value: proposal })]),
    );
  });
  const uri = await uriOf(server);

  const frames = await new Promise<readonly DeploymentFrame[]>((resolve, reject) => {
    const nothing = (): undefined => undefined;
    const listener = {
      opened: nothing,
      frames: (received: readonly DeploymentFrame[]) => {
        if (received[0]?.frame.case === "proposeCompletion") resolve(received);
      },
      active: nothing,
      tooLarge: nothing,
      closed: reject,
    };
    const session = new Session({ uri, headers: {}, listener });
    onTestFinished(() => {
      session.close();
    });
  });

  expect(frames[0]?.frame.value).toMatchObject({
    result: { value: { content: { case: "inline" } } },
  });
});

// Discovery against real servers of every kind: who answers what, and how it will be talked to.

import { createServer as createHttp1Server, type RequestListener } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { toBinary, create, type MessageInitShape } from "@bufbuild/protobuf";
import { Deployment, ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import { protocolVersions } from "@perdure/protocol/versions";
import { expect, onTestFinished, test } from "vitest";
import { discover, type DiscoverOptions } from "./discovery.js";
import { RegistrationError } from "./registrar.js";

const { output } = Deployment.method.discover;
const versions = {
  minProtocolVersion: protocolVersions.min,
  maxProtocolVersion: protocolVersions.max,
};
const plain: DiscoverOptions = { headers: {}, useHttp11: false };

async function addressOf(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
}

const http1 = (listener: RequestListener): Promise<string> =>
  addressOf(createHttp1Server({ keepAliveTimeout: 1 }, listener));
const http2 = (listener: RequestListener): Promise<string> => {
  const server = createHttp2Server((request, response) => {
    listener(request as never, response as never);
  });
  server.on("session", (session) => {
    onTestFinished(() => {
      session.destroy();
    });
  });
  return addressOf(server);
};

function answering(message: MessageInitShape<typeof output> = {}): RequestListener {
  return (_, response) => {
    response.writeHead(200, { "content-type": "application/proto" });
    response.end(toBinary(output, create(output, { ...versions, ...message })));
  };
}

async function refused(uri: string, options = plain): Promise<RegistrationError> {
  const error: unknown = await discover(uri, options).catch((each: unknown) => each);
  expect(error).toBeInstanceOf(RegistrationError);
  return error as RegistrationError;
}

test("an endpoint over HTTP/2 is talked to by sessions", async () => {
  const found = await discover(
    await http2(answering({ protocolMode: ProtocolMode.SESSION, buildId: "b" })),
    plain,
  );
  expect(found).toMatchObject({ useHttp11: false, protocolMode: ProtocolMode.SESSION });
  expect(found.response.buildId).toBe("b");
});

test("an endpoint over HTTP/2 that wants requests gets them", async () => {
  const mode = { protocolMode: ProtocolMode.REQUEST_RESPONSE };
  const found = await discover(await http2(answering(mode)), plain);
  expect(found).toMatchObject({ useHttp11: false, ...mode });
});

test.each([false, true])(
  "an endpoint over HTTP/1.1 is found, and gets requests (asked for: %s)",
  async (useHttp11) => {
    const uri = await http1(answering({ protocolMode: ProtocolMode.SESSION }));
    const found = await discover(uri, { ...plain, useHttp11 });
    expect(found).toMatchObject({
      useHttp11: true,
      protocolMode: ProtocolMode.REQUEST_RESPONSE,
    });
  },
);

test("the path of the address, and additional headers, are kept", async () => {
  const seen: unknown[] = [];
  const uri = await http1((request, response) => {
    seen.push([request.url, request.headers["x-token"]]);
    answering()(request, response);
  });
  for (const path of ["a/b", "a/b/"]) {
    await discover(uri + path, { headers: { "x-token": "t" }, useHttp11: true });
  }
  const path = "/a/b/perdure.protocol.v1.Deployment/Discover";
  expect(seen).toEqual([
    [path, "t"],
    [path, "t"],
  ]);
});

test("a failure that may pass is tried again", async () => {
  let asked = 0;
  const uri = await http1((request, response) => {
    if (++asked < 3) response.writeHead(503).end();
    else answering()(request, response);
  });
  expect(await discover(uri, { ...plain, useHttp11: true })).toMatchObject({ useHttp11: true });
  expect(asked).toBe(3);
});

test("a service that stays away is named, with the last reason", async () => {
  const uri = await http1((_, response) => {
    response.writeHead(502).end("bad gateway");
  });
  const error = await refused(uri, { ...plain, useHttp11: true });
  expect(error).toMatchObject({ code: "PDR4202", restateCode: "META0003" });
  expect(error.message).toContain("status 502: bad gateway");
});

test("an address where nobody listens is named", async () => {
  const server = createTcpServer();
  const uri = await addressOf(server);
  await new Promise((resolve) => server.close(resolve));
  const error = await refused(uri);
  expect(error).toMatchObject({ code: "PDR4202", restateCode: "META0003", httpStatus: 500 });
  expect(error.message).toContain("ECONNREFUSED");
});

test("a web server of another kind is told from an endpoint", async () => {
  const page: RequestListener = (_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<p>hello</p>");
  };
  const missing: RequestListener = (_, response) => {
    response.writeHead(404).end("not here");
  };
  for (const uri of [await http1(page), await http2(page), await http1(missing)]) {
    expect(await refused(uri)).toMatchObject({ code: "PDR4203", restateCode: "META0013" });
  }
});

test("what speaks no HTTP at all does not bring the server down", async () => {
  const uri = await addressOf(
    createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("220 mail.example ESMTP\r\n");
    }),
  );
  const error = await refused(uri);
  expect(error).toMatchObject({ code: "PDR4203", restateCode: "META0014" });
});

test("an endpoint that does not trust the server is told from one that is none", async () => {
  const uri = await http1((_, response) => {
    response.writeHead(401).end("Unauthorized");
  });
  const error = await refused(uri);
  expect(error).toMatchObject({ code: "PDR4203" });
  expect(error.message).toContain("does not trust this server");
});

test("an endpoint that speaks other versions says which", async () => {
  const uri = await http1((_, response) => {
    response.writeHead(400, { "content-type": "application/json" });
    response.end('{"code":"failed_precondition","message":"this endpoint speaks 7 to 8"}');
  });
  const error = await refused(uri);
  expect(error).toMatchObject({ code: "PDR4204", restateCode: "META0012" });
  expect(error.message).toBe("this endpoint speaks 7 to 8");
});

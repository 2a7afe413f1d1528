// What anybody may send to the port of an endpoint.

import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import {
  AbortSchema,
  HelloSchema,
  PingSchema,
  ServerFrameSchema,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { sessionFeatures } from "@perdure/protocol/features";
import { messageBytesTaken, wholeMessageBytesTaken } from "@perdure/protocol/frame-limits";
import { grpcHeadBytes, GrpcReader, writeGrpcHead } from "@perdure/protocol/grpc-framing";
import { decodeSessionResponse, encodeSessionRequest } from "@perdure/protocol/session-messages";
import { expect, onTestFinished, test } from "vitest";
import { service } from "../definitions/define.js";
import { createEndpointHandler } from "./node-handler.js";

test("a path that is none ends its request, and nothing else", async () => {
  const greeter = service({ name: "Greeter", handlers: { greet: async () => "hello" } });
  const server = createServer(createEndpointHandler({ services: [greeter] }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const ask = (method: string, path: string): Promise<number | undefined> =>
    new Promise((resolve) => {
      let status: number | undefined;
      const stream = client.request({ ":method": method, ":path": path });
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("error", () => undefined);
      stream.on("close", () => {
        resolve(status);
      });
      stream.resume().end();
    });

  for (const path of ["//", "///", "//:80/perdure.protocol.v1.Deployment/Session", "*"]) {
    await ask("POST", path);
  }
  expect(await ask("GET", "/health")).toBe(200);
});

test("a message that is larger than is allowed ends its session, before it is waited for", async () => {
  const greeter = service({ name: "Greeter", handlers: { greet: async () => "hello" } });
  const server = createServer(createEndpointHandler({ services: [greeter] }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const framed = (frame: ServerFrame["frame"]): Uint8Array => {
    const bytes = encodeSessionRequest([create(ServerFrameSchema, { frame })], grpcHeadBytes);
    writeGrpcHead(bytes);
    return bytes.slice();
  };
  const hello = (features: readonly string[]): Uint8Array =>
    framed({ case: "hello", value: create(HelloSchema, { features: [...features] }) });
  const abort = (length: number): Uint8Array =>
    framed({ case: "abort", value: create(AbortSchema, { reason: "x".repeat(length) }) });
  const ping = framed({ case: "ping", value: create(PingSchema) });
  const headOf = (length: number): Buffer => {
    const head = Buffer.alloc(grpcHeadBytes);
    head.writeUInt32BE(length, 1);
    return head;
  };
  /** Whether the endpoint ends the session, or answers what comes last. */
  const send = (...messages: readonly Uint8Array[]): Promise<"ended" | "answered"> =>
    new Promise((resolve) => {
      const stream = client.request({
        ":method": "POST",
        ":path": "/perdure.protocol.v1.Deployment/Session",
        "content-type": "application/grpc+proto",
        te: "trailers",
      });
      const reader = new GrpcReader(
        () => 1_000_000,
        (message) => {
          const isPong = decodeSessionResponse(message).some(({ frame }) => frame.case === "pong");
          if (isPong) resolve("answered");
        },
      );
      stream.on("error", () => undefined);
      stream.on("trailers", () => {
        resolve("ended");
      });
      stream.on("data", (chunk: Uint8Array) => {
        reader.push(chunk);
      });
      for (const message of messages) stream.write(message);
    });

  expect(await send(headOf(messageBytesTaken + 1))).toBe("ended");
  expect(await send(hello(sessionFeatures), headOf(messageBytesTaken + 1))).toBe("ended");
  expect(await send(hello(sessionFeatures), abort(messageBytesTaken - 100), ping)).toBe("answered");
  expect(await send(hello([]), abort(messageBytesTaken), ping)).toBe("answered");
  expect(await send(hello([]), headOf(wholeMessageBytesTaken + 1))).toBe("ended");
});

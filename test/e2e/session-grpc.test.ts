// The endpoint's session is gRPC like any other: grpc-js, which shares no code with it, opens one, runs an attempt, and
// reads how it ends or why it is refused.

import { serve, service, type Context } from "@perdure/sdk";
import { Client, credentials, status, type ServiceError } from "@grpc/grpc-js";
import { create } from "@bufbuild/protobuf";
import {
  ServerFrameSchema,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { entryOf, valueOf } from "@perdure/protocol/messages";
import { decodeSessionResponse, encodeSessionRequest } from "@perdure/protocol/session-messages";
import { expect, onTestFinished, test } from "vitest";

const echo = service({
  name: "Echo",
  handlers: { echo: async (_: Context, value: unknown) => value },
});

async function open(bidirectional: boolean) {
  const listening = await serve({ services: [echo], port: 0, bidirectional });
  const client = new Client(`127.0.0.1:${listening.port}`, credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await listening.close();
  });
  return client.makeBidiStreamRequest(
    "/perdure.protocol.v1.Deployment/Session",
    (frames: ServerFrame[]) => Buffer.from(encodeSessionRequest(frames)),
    (bytes: Buffer) => decodeSessionResponse(bytes),
  );
}

const hello = create(ServerFrameSchema, {
  frame: { case: "hello", value: { minProtocolVersion: 1, maxProtocolVersion: 1 } },
});

function startOf(text: string): ServerFrame {
  const value = valueOf(Buffer.from(JSON.stringify(text)));
  const $typeName = "perdure.protocol.v1.InputCommand";
  return create(ServerFrameSchema, {
    streamId: 1,
    attempt: { epoch: 1, counter: 1 },
    frame: {
      case: "start",
      value: {
        target: { service: "Echo", handler: "echo" },
        knownEntries: 1,
        entries: [entryOf("", { case: "input", value: { $typeName, headers: [], value } })],
      },
    },
  });
}

test("an attempt runs on a session that grpc-js opened, and the stream ends with status 0", async () => {
  const stream = await open(true);
  const frames: DeploymentFrame[] = [];
  const ended = new Promise<number>((resolve) => {
    stream.on("status", ({ code }) => {
      resolve(code);
    });
  });
  const over = new Promise<void>((resolve) => {
    stream.on("data", (some: DeploymentFrame[]) => {
      frames.push(...some);
      if (frames.some(({ frame }) => frame.case === "end")) resolve();
    });
  });
  stream.write([hello]);
  // More than a frame may have: it says no features, so it comes and goes whole.
  stream.write([startOf("x".repeat(300_000))]);
  await over;
  stream.end();

  expect(await ended).toBe(status.OK);
  expect(frames.map(({ frame }) => frame.case)).toEqual(["hello", "end"]);
});

test("an endpoint that takes no sessions refuses with a status and a message", async () => {
  const stream = await open(false);
  const error = await new Promise<ServiceError>((resolve) => {
    stream.on("error", resolve);
    stream.on("data", () => undefined);
    stream.write([hello]);
  });
  expect(error.code).toBe(status.FAILED_PRECONDITION);
  expect(error.details).toContain(
    "this endpoint takes requests, no sessions (bidirectional: false)",
  );
});

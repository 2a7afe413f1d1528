// A deployment that takes sessions and says what its test says: gRPC by another implementation (Connect's), so that both
// sides read what the other writes.

import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  Deployment,
  DeploymentFrameSchema,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { FrameQueue } from "@perdure/protocol/frame-queue.fixture";
import { onTestFinished } from "vitest";

export interface ScriptedDeployment {
  readonly uri: string;
  /** What it says, to whichever session asks first. */
  readonly replies: FrameQueue<DeploymentFrame>;
}

/**
 * Listens until the test is finished. Hello is the first that it says.
 * @param options.received  takes the frames of each message that comes
 */
export async function listen(options: {
  readonly features: readonly string[];
  readonly received: (frames: ServerFrame[]) => void;
}): Promise<ScriptedDeployment> {
  const { features, received } = options;
  const hello = { minProtocolVersion: 1, maxProtocolVersion: 1, features: [...features] };
  const replies = new FrameQueue<DeploymentFrame>();
  replies.push(create(DeploymentFrameSchema, { frame: { case: "hello", value: hello } }));
  const server = createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(Deployment, {
          async *session(requests) {
            void (async () => {
              for await (const { frames } of requests) received(frames);
            })().catch(() => undefined);
            yield* replies;
          },
        }),
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    replies.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { uri: `http://127.0.0.1:${String(port)}`, replies };
}

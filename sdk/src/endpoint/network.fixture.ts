// A server of the test's own, over the network: talks to an endpoint as the real one does.

import { create } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import {
  Deployment,
  ServerFrameSchema,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { FrameQueue } from "@perdure/protocol/frame-queue.fixture";
import { protocolVersions } from "@perdure/protocol/versions";
import { onTestFinished } from "vitest";
import { input } from "../replay/entries.fixture.js";
import { frameText } from "./frame-text.fixture.js";
import { numberOf } from "./session.fixture.js";

/** The versions of this release. */
export const versions: { minProtocolVersion: number; maxProtocolVersion: number } = {
  minProtocolVersion: protocolVersions.min,
  maxProtocolVersion: protocolVersions.max,
};

export interface Peer {
  readonly client: Client<typeof Deployment>;
  readonly connection: Http2SessionManager;
}

export function peerOf({ port }: { readonly port: number }): Peer {
  const baseUrl = `http://127.0.0.1:${String(port)}`;
  const connection = new Http2SessionManager(baseUrl);
  onTestFinished(() => {
    connection.abort();
  });
  const transport = createGrpcTransport({ baseUrl, sessionManager: connection });
  return { client: createClient(Deployment, transport), connection };
}

/** One session, and all that came of it. */
export class NetworkSession {
  readonly frames: DeploymentFrame[] = [];
  readonly ended: Promise<unknown>;
  readonly #requests = new FrameQueue<ServerFrame>();
  #wake: (() => void) | undefined;

  constructor({ client }: Peer) {
    this.ended = this.#run(client)
      .catch((error: unknown) => error)
      .finally(() => {
        this.end();
      });
  }

  start(handlerName: string, streamId = 1, entry = input()): void {
    const [name = "", ...rest] = handlerName.split("/");
    const target = { service: name, handler: rest.at(-1) ?? "" };
    const key = rest.length > 1 ? { key: rest[0] ?? "" } : {};
    const entries = [entry];
    const value = {
      target: { ...target, ...key },
      invocationId: "inv_1",
      entries,
      knownEntries: 1,
    };
    this.send(streamId, { case: "start", value } as never);
  }

  send(streamId: number, frame: ServerFrame["frame"]): void {
    this.#requests.push(create(ServerFrameSchema, { streamId, attempt: numberOf(1), frame }));
  }

  /** Resolves when it was told something of this kind. */
  async told(kind: string): Promise<string[]> {
    while (!this.frames.some(({ frame }) => frame.case === kind)) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.frames.map(frameText);
  }

  end(): void {
    this.#requests.close();
  }

  async #run(client: Client<typeof Deployment>): Promise<void> {
    // Hello goes first, as from the real server: the request begins with a message.
    this.#requests.push(
      create(ServerFrameSchema, { frame: { case: "hello", value: {} as never } }),
    );
    for await (const { frames } of client.session(this.#requests)) {
      this.frames.push(...frames);
      this.#wake?.();
    }
  }
}

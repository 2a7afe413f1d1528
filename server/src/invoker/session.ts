// One session: a connection of its own to one instance of a deployment, and the stream on it that carries
// all attempts. It says when it is open, hands over the frames of each message, and says once that it is over.

import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createMethodUrl } from "@connectrpc/connect/protocol";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  Deployment,
  ServerFrameSchema,
  type DeploymentFrame,
  type Hello,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { commonVersion, protocolVersions } from "@perdure/protocol/versions";
import { gate } from "@perdure/protocol/features";
import { FrameQueue } from "@perdure/protocol/frame-queue";
import { Http2Connection } from "../outbound/http2-connection.js";
import type { AddressGuard } from "../outbound/address-guard.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import { serverHello } from "./server-hello.js";

export interface SessionListener {
  opened(): void;
  frames(frames: readonly DeploymentFrame[]): void;
  /** @param error  undefined where the session was closed from this side */
  closed(error: unknown): void;
}

export interface SessionOptions {
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signer?: RequestSigner | undefined;
  /** Which addresses may be connected to. */
  readonly guard?: AddressGuard | undefined;
  readonly listener: SessionListener;
}

/** A session that is silent is asked; one that does not answer is given up. Both within 30 s. */
const pingIntervalMs = 10_000;
const pingTimeoutMs = 10_000;
const openTimeoutMs = 5_000;

export class Session {
  readonly #queue = new FrameQueue<ServerFrame>();
  readonly #abort = new AbortController();
  readonly #connection: Http2Connection;
  readonly #options: SessionOptions;
  #open = false;
  #gated = false;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { uri, guard } = options;
    const socket = guard === undefined ? {} : { lookup: guard.lookup };
    this.#connection = new Http2Connection(uri, { pingIntervalMs, pingTimeoutMs }, socket);
    void this.#run();
  }

  get open(): boolean {
    return this.#open;
  }

  /** Whether the other side starts no closure before what it depends on is durable. */
  get gated(): boolean {
    return this.#gated;
  }

  send(frame: ServerFrame): void {
    this.#queue.push(frame);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.close();
    this.#abort.abort();
    this.#connection.abort();
  }

  async #run(): Promise<void> {
    const { listener, uri, signer, guard } = this.#options;
    const openTimeout = setTimeout(() => {
      this.#abort.abort(new Error(`no Hello within ${String(openTimeoutMs)} ms`));
    }, openTimeoutMs);
    try {
      // Whoever opens a session hears of its end later, never before it has it.
      await Promise.resolve();
      guard?.check(uri);
      const baseUrl = uri.replace(/\/$/, "");
      const { pathname } = new URL(createMethodUrl(baseUrl, Deployment.method.session));
      const headers = { ...this.#options.headers, ...signer?.headers(pathname) };
      const transport = createGrpcTransport({
        baseUrl,
        sessionManager: this.#connection,
        // Frames are small and the way is short: compressing them costs more than it saves.
        acceptCompression: [],
      });
      const client = createClient(Deployment, transport);
      this.#queue.push(
        create(ServerFrameSchema, { frame: { case: "hello", value: serverHello() } }),
      );
      const { signal } = this.#abort;
      for await (const { frames } of client.session(this.#queue, { signal, headers })) {
        if (!this.#open) {
          this.#gated = checkedHello(frames[0]).features.includes(gate);
          clearTimeout(openTimeout);
          this.#open = true;
          listener.opened();
        }
        listener.frames(frames);
      }
      this.#over(new Error("the deployment ended the session"));
    } catch (error) {
      this.#over(this.#abort.signal.aborted ? this.#abort.signal.reason : error);
    } finally {
      clearTimeout(openTimeout);
    }
  }

  #over(error: unknown): void {
    const byUs = this.#closed;
    this.#open = false;
    this.close();
    this.#options.listener.closed(byUs ? undefined : error);
  }
}

function checkedHello(first: DeploymentFrame | undefined): Hello {
  if (first?.frame.case !== "hello") throw new Error("the first frame of the session is no Hello");
  const { minProtocolVersion: min, maxProtocolVersion: max } = first.frame.value;
  if (commonVersion(protocolVersions, { min, max }) === undefined) {
    throw new Error(`the deployment now speaks protocol versions ${String(min)} to ${String(max)}`);
  }
  return first.frame.value;
}

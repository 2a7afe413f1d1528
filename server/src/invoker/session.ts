// One session: a connection of its own to one instance of a deployment, and the stream on it that carries
// all attempts. It says when it is open, hands over the frames of each message, and says once that it is over.
//   S1. All frames of a turn go out as one message; large ones in pieces, attempts in turn (frame-sender.ts).
//   S2. Pieces are kept for attempts that were started here and are not over, and for nobody else.

import { create } from "@bufbuild/protobuf";
import { createMethodUrl } from "@connectrpc/connect/protocol";
import {
  Deployment,
  ServerFrameSchema,
  type DeploymentFrame,
  type Fragment,
  type Hello,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import {
  creditsFeature,
  fragmentsFeature,
  gate,
  sessionFeatures,
} from "@perdure/protocol/features";
import { FrameAssembler } from "@perdure/protocol/frame-assembler";
import { messageBytesTaken, wholeMessageBytesTaken } from "@perdure/protocol/frame-limits";
import { FrameSender } from "@perdure/protocol/frame-sender";
import { serverFrameBytes } from "@perdure/protocol/frame-size";
import { grpcHeadBytes } from "@perdure/protocol/grpc-framing";
import { payloadBytesMax } from "@perdure/protocol/limits";
import { creditOf, drop, fragmentOf } from "@perdure/protocol/messages";
import {
  decodeDeploymentFrame,
  decodeSessionResponse,
  encodeServerFrameParts,
  encodeSessionRequestParts,
} from "@perdure/protocol/session-messages";
import { commonVersion, protocolVersions } from "@perdure/protocol/versions";
import type { AddressGuard } from "../outbound/address-guard.js";
import { Http2Connection } from "../outbound/http2-connection.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import { serverHello } from "./server-hello.js";
import { SessionStream, type StreamListener } from "./session-stream.js";
import { splitStart } from "./split-start.js";

export interface SessionListener {
  opened(hello: Hello): void;
  frames(frames: readonly DeploymentFrame[]): void;
  /** Pieces of frames have come that are not whole: a sign of life of their attempts. */
  active(streamIds: ReadonlySet<number>): void;
  /** An attempt sends a frame of which so many bytes have come that it is not taken. The attempt can't go on. */
  tooLarge(streamId: number, bytes: number): void;
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
  /** What the messages travel on. Default: a stream of an HTTP/2 connection of its own. */
  readonly openStream?: OpenStream | undefined;
  /** The largest frame that is taken. */
  readonly frameBytesMax?: number | undefined;
  /** What is said in Hello of how frames travel. Tests say less. */
  readonly features?: readonly string[];
}

/** Makes the stream of a session; it is opened when the session calls `open`. */
export type OpenStream = (
  uri: string,
  listener: StreamListener,
) => Pick<SessionStream, "open" | "write" | "close">;

/** A session that is silent is asked; one that does not answer is given up. Both within 30 s. */
const pingIntervalMs = 10_000;
const pingTimeoutMs = 10_000;
const openTimeoutMs = 5_000;

export class Session {
  readonly #options: SessionOptions;
  readonly #features: readonly string[];
  readonly #connection: Http2Connection;
  readonly #stream: ReturnType<OpenStream>;
  readonly #sender: FrameSender<ServerFrame>;
  readonly #assembler: FrameAssembler;
  readonly #openTimeout: NodeJS.Timeout;
  /** Attempts that were started here and are not over. */
  readonly #streamIds = new Set<number>();
  #splits = false;
  #flushing = false;
  #open = false;
  #gated = false;
  #closed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#features = options.features ?? sessionFeatures;
    const { uri, guard } = options;
    const socket = guard === undefined ? {} : { lookup: guard.lookup };
    this.#connection = new Http2Connection(uri, { pingIntervalMs, pingTimeoutMs }, socket);
    const { pathname } = new URL(
      createMethodUrl(uri.replace(/\/$/, ""), Deployment.method.session),
    );
    const taken = (): number => this.#messageBytesTaken;
    const listener: StreamListener = {
      get messageBytesTaken(): number {
        return taken();
      },
      message: (bytes) => {
        this.#received(decodeSessionResponse(bytes));
      },
      drained: () => {
        this.#sender.drained();
      },
      closed: (error) => {
        this.#over(error);
      },
    };
    this.#stream =
      options.openStream?.(uri, listener) ??
      new SessionStream({
        connection: this.#connection,
        path: pathname,
        check: () => guard?.check(uri),
        headers: { ...options.headers, ...options.signer?.headers(pathname) },
        listener,
      });
    this.#sender = new FrameSender<ServerFrame>({
      write: (frames) => this.#stream.write(encodeSessionRequestParts(frames, grpcHeadBytes)),
      bytesOf: serverFrameBytes,
      encode: encodeServerFrameParts,
      fragment: (of, data, last) => ({ ...of, frame: fragmentOf(data, last) }),
    });
    this.#sender.hold();
    this.#assembler = new FrameAssembler({
      frameBytesMax: options.frameBytesMax ?? payloadBytesMax,
      grant: (streamId, bytes) => {
        this.#grant(streamId, bytes);
      },
    });
    this.#openTimeout = setTimeout(() => {
      this.#over(new Error(`no Hello within ${String(openTimeoutMs)} ms`));
    }, openTimeoutMs);
    const ours = serverHello();
    const hello = { ...ours, features: [...ours.features, ...this.#features] };
    this.send(create(ServerFrameSchema, { frame: { case: "hello", value: hello } }));
    void this.#stream.open();
  }

  get open(): boolean {
    return this.#open;
  }

  get #messageBytesTaken(): number {
    return this.#open && !this.#splits ? wholeMessageBytesTaken : messageBytesTaken;
  }

  /** Whether the other side starts no closure before what it depends on is durable. */
  get gated(): boolean {
    return this.#gated;
  }

  send(frame: ServerFrame): void {
    if (this.#closed) return;
    const { streamId } = frame;
    switch (frame.frame.case) {
      case "start":
        this.#streamIds.add(streamId);
        if (!this.#splits) this.#sender.push(frame);
        else for (const part of splitStart(frame)) this.#sender.push(part);
        break;
      case "drop":
      case "abort":
        // What is still on its way is of no use, and nothing that was said before is waited for.
        this.#sender.forget(streamId);
        this.#sender.push(frame, 0);
        break;
      default:
        this.#sender.push(frame);
    }
    this.#schedule();
  }

  /** The attempt is over, for whatever reason: nothing more is said to it, or taken from it. */
  forget(streamId: number): void {
    this.#streamIds.delete(streamId);
    this.#assembler.forget(streamId);
    // A part of a frame would stay there for ever.
    if (this.#sender.forget(streamId)) this.send(frameFor(streamId, drop));
  }

  close(): void {
    if (this.#closed) return;
    this.#end();
    // As an end from the other side: not from within what the caller does.
    queueMicrotask(() => {
      this.#options.listener.closed(undefined);
    });
  }

  #schedule(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (this.#closed) return;
      try {
        this.#sender.flush();
      } catch (error) {
        this.#over(error);
      }
    });
  }

  #received(frames: readonly DeploymentFrame[]): void {
    if (!this.#open) {
      this.#opened(frames[0]);
      if (this.#closed) return;
    }
    const { listener } = this.#options;
    listener.frames(frames.some(isTransport) ? this.#whole(frames) : frames);
  }

  #opened(first: DeploymentFrame | undefined): void {
    const hello = checkedHello(first);
    const theirs = hello.features;
    this.#gated = theirs.includes(gate);
    const features = theirs.filter((feature) => this.#features.includes(feature));
    this.#sender.allow(features);
    this.#assembler.limit(features.includes(creditsFeature));
    this.#splits = features.includes(fragmentsFeature);
    clearTimeout(this.#openTimeout);
    this.#open = true;
    this.#options.listener.opened(hello);
  }

  /** The frames for attempts: those that came in pieces where the last piece is. */
  #whole(frames: readonly DeploymentFrame[]): DeploymentFrame[] {
    const whole: DeploymentFrame[] = [];
    const active = new Set<number>();
    for (const frame of frames) {
      const { streamId } = frame;
      if (frame.frame.case === "credit") {
        this.#sender.credit(streamId, Number(frame.frame.value.bytes));
      } else if (frame.frame.case === "fragment") {
        const put = this.#put(streamId, frame.frame.value);
        if (put !== undefined) whole.push(put);
        else if (this.#streamIds.has(streamId)) active.add(streamId);
      } else whole.push(frame);
    }
    if (active.size > 0) this.#options.listener.active(active);
    return whole;
  }

  #put(streamId: number, { data, last }: Fragment): DeploymentFrame | undefined {
    if (!this.#streamIds.has(streamId)) return undefined;
    const assembled = this.#assembler.take(streamId, data, last);
    if (assembled?.kind === "tooLarge") {
      this.#options.listener.tooLarge(streamId, assembled.bytes);
    }
    return assembled?.kind === "frame" ? decodeDeploymentFrame(assembled.bytes) : undefined;
  }

  #grant(streamId: number, bytes: number): void {
    // Not behind what waits for credit itself.
    this.#sender.push(frameFor(streamId, creditOf(bytes)), 0);
    this.#schedule();
  }

  #over(error: unknown): void {
    if (this.#closed) return;
    this.#end();
    this.#options.listener.closed(error);
  }

  #end(): void {
    this.#closed = true;
    this.#open = false;
    clearTimeout(this.#openTimeout);
    this.#stream.close();
    this.#connection.abort();
  }
}

function isTransport({ frame }: DeploymentFrame): boolean {
  return frame.case === "fragment" || frame.case === "credit";
}

/** A frame for whichever attempt the stream id names. */
function frameFor(streamId: number, frame: ServerFrame["frame"]): ServerFrame {
  return { $typeName: "perdure.protocol.v1.ServerFrame", streamId, position: 0n, frame };
}

function checkedHello(first: DeploymentFrame | undefined): Hello {
  if (first?.frame.case !== "hello") throw new Error("the first frame of the session is no Hello");
  const { minProtocolVersion: min, maxProtocolVersion: max } = first.frame.value;
  if (commonVersion(protocolVersions, { min, max }) === undefined) {
    throw new Error(`the deployment now speaks protocol versions ${String(min)} to ${String(max)}`);
  }
  return first.frame.value;
}

// The way to one deployment: its session, opened when there is work and opened again, with back-off, when it
// broke. While it is down, work waits in the ready table: nothing else tries, and nothing counts as a failure.

import type { Deployment } from "@perdure/proto/storage/v1/records";
import type { ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { durableFrameOf } from "@perdure/protocol/messages";
import { intervalMs } from "@perdure/protocol/retry";
import type { Log } from "../observe/log.js";
import type { AddressGuard } from "../outbound/address-guard.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import { awayIntervals, type Link, type LinkListener } from "./link.js";
import { Session, type OpenStream } from "./session.js";

export interface DeploymentLinkOptions {
  readonly listener: LinkListener;
  readonly log: Log;
  /** Signs what opens a session. */
  readonly signer?: RequestSigner | undefined;
  /** Which addresses may be connected to. */
  readonly guard?: AddressGuard | undefined;
  /** The largest frame that is taken from a session. */
  readonly frameBytesMax?: number | undefined;
  /** What messages travel on. Default: HTTP/2. */
  readonly openStream?: OpenStream | undefined;
}

export class DeploymentLink implements Link {
  readonly requestResponse = false;
  #deployment: Deployment;
  readonly #listener: LinkListener;
  readonly #log: Log;
  readonly #signer: RequestSigner | undefined;
  readonly #guard: AddressGuard | undefined;
  readonly #frameBytesMax: number | undefined;
  readonly #openStream: OpenStream | undefined;
  #session: Session | undefined;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #draining = false;
  #closed = false;

  constructor(deployment: Deployment, options: DeploymentLinkOptions) {
    const { listener, log, signer } = options;
    this.#deployment = deployment;
    this.#listener = listener;
    this.#log = log;
    this.#signer = signer;
    this.#guard = options.guard;
    this.#frameBytesMax = options.frameBytesMax;
    this.#openStream = options.openStream;
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  /** It was registered anew: the next session is opened as it says. */
  update(deployment: Deployment): void {
    this.#deployment = deployment;
  }

  /** Whether attempts can be started on it now. */
  get open(): boolean {
    return this.#session?.open === true && !this.#draining;
  }

  get gated(): boolean {
    return this.#session?.gated === true;
  }

  durable(position: bigint): void {
    this.#session?.send(durableFrameOf(position));
  }

  /** Opens a session unless there is one, or one is on its way. */
  ensure(): void {
    if (this.#session !== undefined || this.#retry !== undefined || this.#closed) return;
    const { uri, additionalHeaders } = this.deployment;
    this.#draining = false;
    this.#session = new Session({
      uri,
      headers: additionalHeaders,
      signer: this.#signer,
      guard: this.#guard,
      frameBytesMax: this.#frameBytesMax,
      openStream: this.#openStream,
      listener: {
        opened: () => {
          if (this.#failures > 0) this.#log.info(`deployment ${uri} is reachable again`);
          this.#failures = 0;
          this.#listener.opened(this);
        },
        frames: (frames) => {
          this.#listener.frames(this, frames);
        },
        active: (streamIds) => {
          this.#listener.active(this, streamIds);
        },
        tooLarge: (streamId, bytes) => {
          this.#listener.tooLarge(this, streamId, bytes);
        },
        closed: (error) => {
          this.#lost(error);
        },
      },
    });
  }

  send(frame: ServerFrame): void {
    this.#session?.send(frame);
  }

  forget(streamId: number): void {
    this.#session?.forget(streamId);
  }

  /** The instance is shutting down: what runs may finish, nothing new is started. */
  drain(): void {
    this.#draining = true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#session?.close();
  }

  #lost(error: unknown): void {
    this.#session = undefined;
    this.#listener.lost(this);
    if (this.#closed) return;
    this.#failures++;
    if (this.#failures === 1) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn(
        `lost the session with deployment ${this.deployment.uri} (${reason}); its invocations wait and go on when it is back`,
      );
    }
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.ensure();
      },
      intervalMs(awayIntervals, this.#failures),
    );
  }
}

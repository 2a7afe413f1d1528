// The way to one deployment, as the invoker sees it, however attempts travel.

import type { Deployment } from "@perdure/proto/storage/v1/records";
import { ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import type { DeploymentFrame, ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import type { Log } from "../observe/log.js";
import type { AddressGuard } from "../outbound/address-guard.js";
import type { DeploymentAddress, DeploymentClient } from "../outbound/deployment-client.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import type { OpenStream } from "./session.js";

export interface Link {
  readonly deployment: Deployment;
  /**
   * Each attempt is a request of its own: once it has said that it waits it is over, and nothing can be told to it
   * while it lasts but that it shall stop.
   */
  readonly requestResponse: boolean;
  /** Whether attempts can be started on it now. */
  readonly open: boolean;
  /** Whether there is somebody who takes attempts, be it later. */
  readonly reachable: boolean;
  /** Whether attempts may be begun before their events are durable: the deployment waits for {@link Link.durable}. */
  readonly gated: boolean;
  /** There is work: gets it open, unless it is on its way. */
  ensure(): void;
  /** The deployment was registered anew: what is started from now on follows. */
  update(deployment: Deployment): void;
  send(frame: ServerFrame): void;
  /** Everything up to this log position is durable. */
  durable(position: bigint): void;
  /** The attempt is over: nothing more is said to it or taken from it. */
  forget(streamId: number): void;
  /** Every attempt on it is over. */
  close(): void;
}

export interface LinkListener {
  opened(link: Link): void;
  frames(link: Link, frames: readonly DeploymentFrame[]): void;
  /** Attempts whose frames are on their way, in pieces. */
  active(link: Link, streamIds: ReadonlySet<number>): void;
  /** An attempt sends a frame that is larger than is taken; the link drops what came of it. */
  tooLarge(link: Link, streamId: number, bytes: number): void;
  /** These attempts only wait, on an instance that shuts down: they are to be let go. */
  leaving(link: Link, streamIds: readonly number[]): void;
  /**
   * Attempts are over through no fault of their own.
   * @param streamIds  those; undefined: all on this link
   */
  lost(link: Link, streamIds?: readonly number[]): void;
}

/** Makes what single requests to a deployment travel on. */
export type OpenClient = (address: DeploymentAddress) => Pick<DeploymentClient, "call" | "close">;

export interface LinkOptions {
  readonly listener: LinkListener;
  readonly log: Log;
  /** Signs everything that goes out. */
  readonly signer?: RequestSigner | undefined;
  /** Which addresses may be connected to. */
  readonly guard?: AddressGuard | undefined;
  /** The largest frame that is taken from a session. */
  readonly frameBytesMax?: number | undefined;
  /** What messages travel on. Default: HTTP/2. */
  readonly openStream?: OpenStream | undefined;
  /** What requests travel on. Default: HTTP. */
  readonly openClient?: OpenClient | undefined;
}

/** Between two tries to reach a deployment that is away. */
export const awayIntervals: {
  readonly initialIntervalMs: number;
  readonly exponentiationFactor: number;
  readonly maxIntervalMs: number;
} = { initialIntervalMs: 50, exponentiationFactor: 2, maxIntervalMs: 2_000 };

/** Between two looks for further instances of a deployment. */
export const lookIntervals: typeof awayIntervals = {
  initialIntervalMs: 1_000,
  exponentiationFactor: 2,
  maxIntervalMs: 60_000,
};

/** Which kind of link the deployment needs. */
export function isRequestResponse({ protocolMode, useHttp11 }: Deployment): boolean {
  return useHttp11 || protocolMode === ProtocolMode.REQUEST_RESPONSE;
}

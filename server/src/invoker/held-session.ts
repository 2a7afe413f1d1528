// A session as its link holds it: which instance is at the other end, which attempts are on it, and how many of them
// compute.
//   H1. An attempt stays with its session. What another session says of it is not listened to.

import type { DeploymentFrame, Hello, ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { durableFrameOf } from "@perdure/protocol/messages";
import type { Session } from "./session.js";

export class HeldSession {
  readonly session: Session;
  readonly instanceId: string;
  readonly #capacity: number;
  /** The attempts on it, by stream id, and whether they compute. */
  readonly #attempts = new Map<number, boolean>();
  #computing = 0;
  #draining = false;
  /** Something was started that waits for Durable. */
  #behindGate = false;

  constructor(session: Session, { instanceId, capacity }: Hello) {
    this.session = session;
    this.instanceId = instanceId;
    this.#capacity = capacity;
  }

  get computing(): number {
    return this.#computing;
  }

  /** The instance shuts down: what runs may finish, nothing new is started. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Whether it computes as much as it is willing to. */
  get full(): boolean {
    return this.#capacity > 0 && this.#computing >= this.#capacity;
  }

  get attempts(): readonly number[] {
    return [...this.#attempts.keys()];
  }

  get isEmpty(): boolean {
    return this.#attempts.size === 0;
  }

  /** Attempts that only wait. */
  get waiting(): readonly number[] {
    return [...this.#attempts].filter(([, computes]) => !computes).map(([streamId]) => streamId);
  }

  send(frame: ServerFrame): void {
    switch (frame.frame.case) {
      case "start":
        this.#note(frame.streamId, true);
        if (frame.position > 0n) this.#behindGate = true;
        break;
      case "notify":
      case "proposalAccepted":
        this.#note(frame.streamId, true);
        break;
      default:
        break;
    }
    this.session.send(frame);
  }

  durable(position: bigint): void {
    if (!this.#behindGate) return;
    this.#behindGate = false;
    this.session.send(durableFrameOf(position));
  }

  /** What came, without what is about attempts that are not on it. */
  heard(frames: readonly DeploymentFrame[]): readonly DeploymentFrame[] {
    let isStrange = false;
    for (const { streamId, frame } of frames) {
      if (frame.case === "draining") this.#draining = true;
      if (streamId === 0) continue;
      if (!this.#attempts.has(streamId)) isStrange = true;
      else if (frame.case === "waiting" && frame.value.awaiting !== undefined) {
        this.#note(streamId, false);
      }
    }
    if (!isStrange) return frames;
    return frames.filter(({ streamId }) => streamId === 0 || this.#attempts.has(streamId));
  }

  forget(streamId: number): void {
    if (this.#attempts.get(streamId) === true) this.#computing--;
    this.#attempts.delete(streamId);
    this.session.forget(streamId);
  }

  #note(streamId: number, computes: boolean): void {
    const before = this.#attempts.get(streamId) === true;
    if (before !== computes) this.#computing += computes ? 1 : -1;
    this.#attempts.set(streamId, computes);
  }
}

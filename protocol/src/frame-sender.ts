// Frames on their way out of one side of a session: what was pushed goes out as few messages, and nobody waits for
// another's large frame.
//   O1. Frames of one attempt go out in the order in which they were pushed.
//   O2. A message has at most `messageBytesMax` and `framesPerMessageMax`, but for a single frame that is larger
//       where the other side understands no fragments.
//   O3. What does not fit into the next message waits in the lane of its attempt; lanes take turns, one frame or one
//       fragment at a time.
//   O4. No more fragments of an attempt are under way than the other side has granted; its lane alone waits.
//   O5. Of large frames only so many lie encoded that they have `encodedBytesMax` together, or one.

import { creditsFeature, fragmentsFeature } from "./features.js";
import {
  encodedBytesMax,
  frameBytesMax,
  framesPerMessageMax,
  initialCreditBytes,
  messageBytesMax,
} from "./frame-limits.js";
import { EncodedFrame } from "./encoded-frame.js";

export interface SenderOptions<F> {
  /** Takes one message. False: nothing more until `drained` is called. */
  readonly write: (frames: F[]) => boolean;
  /** A frame's size, roughly. */
  readonly bytesOf: (frame: F) => number;
  /** In parts, one behind the other. */
  readonly encode: (frame: F) => readonly Uint8Array[];
  /** A piece of a frame, for the same attempt. */
  readonly fragment: (of: F, data: Uint8Array, last: boolean) => F;
}

/** Frames that no attempt sends; they have no credit to wait for. */
const controlLane = 0;

interface Lane<F> {
  readonly id: number;
  readonly frames: F[];
  /** How many of `frames` have gone. */
  gone: number;
  /** The large frame that is on its way in pieces: the first of those that have not gone. */
  large: EncodedFrame | undefined;
  /** The attempt says nothing more. */
  isLast: boolean;
}

export class FrameSender<F extends { readonly streamId: number }> {
  readonly #options: SenderOptions<F>;
  /** What goes into the next message: it was small, and nothing of its attempt waits. */
  #next: F[] = [];
  #nextBytes = 0;
  /** In the order of their turns. */
  readonly #lanes = new Map<number, Lane<F>>();
  /** Credit of attempts that have used some. */
  readonly #credits = new Map<number, number>();
  #encodedBytes = 0;
  #writable = true;
  #writing = false;
  #fragments = false;
  #limited = false;

  constructor(options: SenderOptions<F>) {
    this.#options = options;
  }

  /** What the other side says that it understands. */
  allow(features: readonly string[]): void {
    this.#fragments = features.includes(fragmentsFeature);
    this.#limited = features.includes(creditsFeature);
  }

  /** @param laneId  what it must not overtake */
  push(frame: F, laneId: number = frame.streamId): void {
    const lane = this.#lanes.get(laneId);
    if (lane !== undefined) {
      lane.frames.push(frame);
      return;
    }
    const bytes = this.#options.bytesOf(frame);
    const fits =
      this.#nextBytes + bytes <= messageBytesMax &&
      this.#next.length < framesPerMessageMax &&
      (bytes <= frameBytesMax || !this.#fragments);
    if (!fits && (this.#next.length > 0 || this.#fragments)) {
      this.#lanes.set(laneId, {
        id: laneId,
        frames: [frame],
        gone: 0,
        large: undefined,
        isLast: false,
      });
      return;
    }
    this.#next.push(frame);
    this.#nextBytes += bytes;
  }

  /** There is no output yet: nothing is written until `drained` is called. */
  hold(): void {
    this.#writable = false;
  }

  /** Writes what can go. */
  flush(): void {
    // Whoever is written to may answer at once; what that allows goes out after the message, not within it.
    if (this.#writing) return;
    while (this.#writable) {
      if (this.#lanes.size > 0) this.#takeTurns();
      if (this.#next.length === 0) return;
      const frames = this.#next;
      this.#next = [];
      this.#nextBytes = 0;
      this.#writing = true;
      try {
        this.#writable = this.#options.write(frames);
      } finally {
        this.#writing = false;
      }
    }
  }

  /** The other side, or what is in between, takes more. */
  drained(): void {
    this.#writable = true;
    this.flush();
  }

  /** The other side grants an attempt more. */
  credit(streamId: number, bytes: number): void {
    const left = this.#credits.get(streamId);
    if (left === undefined) return;
    this.#credits.set(streamId, left + bytes);
    this.flush();
  }

  /** The attempt has pushed its last frame. */
  finish(streamId: number): void {
    const lane = this.#lanes.get(streamId);
    if (lane === undefined) this.#credits.delete(streamId);
    else lane.isLast = true;
  }

  /**
   * Nobody wants to hear any more of the attempt: what has not gone is dropped.
   * @returns whether a part of a frame has gone, which the other side keeps until it is told
   */
  forget(streamId: number): boolean {
    this.#credits.delete(streamId);
    const lane = this.#lanes.get(streamId);
    if (lane === undefined) return false;
    this.#lanes.delete(streamId);
    this.#encodedBytes -= lane.large?.length ?? 0;
    return lane.large?.isBegun ?? false;
  }

  /** Whether anything has not gone. */
  get isEmpty(): boolean {
    return this.#next.length === 0 && this.#lanes.size === 0;
  }

  /** Fills the next message, one frame or fragment of each lane at a time. */
  #takeTurns(): void {
    for (let stuck = 0; stuck < this.#lanes.size;) {
      const roomBytes = messageBytesMax - this.#nextBytes;
      // Whatever comes next finds room, or the message goes as it is.
      if (this.#next.length > 0 && roomBytes < 2 * frameBytesMax) return;
      if (this.#next.length >= framesPerMessageMax) return;
      const [lane] = this.#lanes.values();
      if (lane === undefined) return;
      this.#lanes.delete(lane.id);
      const frame = this.#takeOne(lane);
      if (frame === undefined) stuck++;
      else {
        stuck = 0;
        this.#next.push(frame);
        this.#nextBytes += this.#options.bytesOf(frame);
      }
      if (lane.gone < lane.frames.length) this.#lanes.set(lane.id, lane);
      else if (lane.isLast) this.#credits.delete(lane.id);
    }
  }

  /** Undefined where the lane has to wait. */
  #takeOne(lane: Lane<F>): F | undefined {
    const frame = lane.frames[lane.gone];
    if (frame === undefined) return undefined;
    if (lane.large === undefined) {
      const bytes = this.#options.bytesOf(frame);
      if (bytes <= frameBytesMax || !this.#fragments) {
        step(lane);
        return frame;
      }
      const roomLeft = this.#encodedBytes === 0 || this.#encodedBytes + bytes <= encodedBytesMax;
      if (!roomLeft || this.#creditOf(lane.id) === 0) return undefined;
      lane.large = new EncodedFrame(this.#options.encode(frame));
      this.#encodedBytes += lane.large.length;
    }
    return this.#takePiece(lane, frame, lane.large);
  }

  #takePiece(lane: Lane<F>, frame: F, large: EncodedFrame): F | undefined {
    const credit = this.#creditOf(lane.id);
    const length = Math.min(frameBytesMax, large.left, credit);
    if (length <= 0) return undefined;
    if (this.#limited && lane.id !== controlLane) this.#credits.set(lane.id, credit - length);
    const data = large.take(length);
    const isLast = large.left === 0;
    if (isLast) {
      step(lane);
      lane.large = undefined;
      this.#encodedBytes -= large.length;
    }
    return this.#options.fragment(frame, data, isLast);
  }

  #creditOf(streamId: number): number {
    if (!this.#limited || streamId === controlLane) return Infinity;
    return this.#credits.get(streamId) ?? initialCreditBytes;
  }
}

/** The first frame of those that wait has gone. */
function step<F>(lane: Lane<F>): void {
  lane.gone++;
  if (lane.gone < 64) return;
  lane.frames.splice(0, lane.gone);
  lane.gone = 0;
}

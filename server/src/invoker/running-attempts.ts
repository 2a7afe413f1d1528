// The attempts that there are at this moment: found by their run and by the number that names them on their session, told
// what they are to know, and stopped where they have more than they may, or give no sign of life.

import {
  AttemptFailed_Behavior as Behavior,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { serverFrameOf } from "@perdure/protocol/messages";
import type { Clock } from "../shard/clock.js";
import type { AttemptEvents } from "./attempt-events.js";
import { abortFrame } from "./attempt-frames.js";
import { AttemptRoom, type RoomLimits } from "./attempt-room.js";
import type { Attempt } from "./attempt.js";
import { excessOf } from "./budget.js";
import { failedByServer } from "./failures.js";
import type { Link } from "./link.js";
import { WaitingAttempts } from "./waiting-attempts.js";

export interface RunningLimits extends RoomLimits {
  /** Journal and state of one attempt; an invocation that needs more is paused. */
  readonly attemptBytesMax: number;
}

export interface RunningOptions {
  readonly limits: RunningLimits;
  readonly clock: Clock;
  readonly events: AttemptEvents;
}

export class RunningAttempts {
  readonly #options: RunningOptions;
  readonly #byRun = new Map<string, Attempt>();
  readonly #byStream = new Map<number, Attempt>();
  /** How much they may be. */
  readonly room: AttemptRoom;
  /** Those that only wait. */
  readonly waiting: WaitingAttempts;
  #lastStreamId = 0;

  constructor(options: RunningOptions) {
    this.#options = options;
    this.room = new AttemptRoom(options.limits, this.#byRun);
    this.waiting = new WaitingAttempts(options.clock, (attempt) => {
      options.events.suspend(attempt);
    });
  }

  /** By run id. */
  get byRun(): ReadonlyMap<string, Attempt> {
    return this.#byRun;
  }

  /** Undefined where it is none of this link: nobody speaks for the attempts of another deployment, or of an earlier link. */
  onStream(link: Link, streamId: number): Attempt | undefined {
    const attempt = this.#byStream.get(streamId);
    return attempt?.link === link ? attempt : undefined;
  }

  /** Names an attempt on its session. */
  nextStreamId(): number {
    return ++this.#lastStreamId;
  }

  add(attempt: Attempt): void {
    this.#byRun.set(attempt.runId, attempt);
    this.#byStream.set(attempt.streamId, attempt);
  }

  /** It is over, for the core as well. */
  forget(attempt: Attempt): void {
    this.room.leave(attempt);
    this.#byRun.delete(attempt.runId);
    this.#byStream.delete(attempt.streamId);
    attempt.link.forget(attempt.streamId);
    this.waiting.delete(attempt);
  }

  send(attempt: Attempt, frame: ServerFrame["frame"]): void {
    const { streamId, number } = attempt;
    attempt.link.send(serverFrameOf(streamId, number, frame));
  }

  /** An invocation that needs more than it may have rests until someone looks at it. */
  isWithinBudget(attempt: Attempt): boolean {
    const { limits, events } = this.#options;
    const excess = excessOf(attempt, limits.attemptBytesMax);
    if (excess === undefined) return true;
    attempt.knownOver = true;
    this.send(attempt, abortFrame("paused"));
    events.fail(attempt, failedByServer(excess.code, excess.message, Behavior.PAUSE));
    return false;
  }

  /** Attempts that compute and have shown no sign of life for too long. */
  giveUpSilent(): void {
    const { clock, events } = this.#options;
    const nowMs = clock.now();
    for (const attempt of this.#byRun.values()) {
      if (attempt.waiting !== undefined || attempt.knownOver) continue;
      const silentMs = nowMs - attempt.activeAtMs;
      if (silentMs < attempt.silenceMsMax) continue;
      attempt.knownOver = true;
      this.send(attempt, abortFrame("silent"));
      const message = `the attempt gave no sign of life for ${String(Math.round(silentMs))} ms (inactivity timeout and abort timeout together); if its steps take so long, raise abortTimeout`;
      events.fail(attempt, failedByServer("PDR2018", message, Behavior.RETRY));
    }
  }
}

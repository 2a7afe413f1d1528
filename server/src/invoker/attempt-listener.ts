// What links tell of the attempts on them: what an attempt says becomes events, and so does its end where the session ends
// under it.

import {
  AttemptFailed_Behavior as Behavior,
  type DeploymentFrame,
} from "@perdure/proto/protocol/v1/deployment";
import type { AppendedItem } from "@perdure/proto/storage/v1/events";
import type { Clock } from "../shard/clock.js";
import type { AttemptEvents } from "./attempt-events.js";
import { takeFrame } from "./attempt-frames.js";
import { nothingIncoming, type Attempt } from "./attempt.js";
import { checkValue, envelopeBytes, itemBytes, valueTooLarge } from "./budget.js";
import { failedByServer, failedBySdk } from "./failures.js";
import type { Isolation } from "./isolation.js";
import type { Link, LinkListener } from "./link.js";
import type { RunningAttempts } from "./running-attempts.js";

export interface AttemptListenerOptions {
  readonly clock: Clock;
  readonly running: RunningAttempts;
  readonly events: AttemptEvents;
  readonly isolation: Isolation;
  /** The largest value that a command or a step may bring. */
  readonly valueBytesMax: number;
  /** Whether the link is still the one of its deployment. */
  readonly isCurrent: (link: Link) => boolean;
  /** There may be something to start. */
  readonly pump: () => void;
  /** An attempt waits now, and did not before. */
  readonly attemptChanged?: ((runId: string) => void) | undefined;
}

const crashed =
  "the session ended while the attempt was the only one that had just been started on the deployment, as it did several times before: the handler seems to end the process that it runs in";

export class AttemptListener implements LinkListener {
  readonly #options: AttemptListenerOptions;

  constructor(options: AttemptListenerOptions) {
    this.#options = options;
  }

  opened(): void {
    this.#options.pump();
  }

  frames(link: Link, frames: readonly DeploymentFrame[]): void {
    const { clock, isolation, running, pump } = this.#options;
    const touched = new Set<Attempt>();
    const nowMs = clock.now();
    for (const frame of frames) {
      const attempt = running.onStream(link, frame.streamId);
      if (attempt === undefined || attempt.knownOver) continue;
      if (frame.attempt?.counter !== attempt.number.counter) continue;
      attempt.activeAtMs = nowMs;
      if (attempt.silent) isolation.heard(attempt);
      takeFrame(attempt, frame, nowMs);
      touched.add(attempt);
    }
    for (const attempt of touched) this.#submit(attempt);
    pump();
  }

  active(link: Link, streamIds: ReadonlySet<number>): void {
    const nowMs = this.#options.clock.now();
    for (const streamId of streamIds) {
      const attempt = this.#options.running.onStream(link, streamId);
      if (attempt !== undefined) attempt.activeAtMs = nowMs;
    }
  }

  tooLarge(link: Link, streamId: number, bytes: number): void {
    const { running, events, valueBytesMax } = this.#options;
    const attempt = running.onStream(link, streamId);
    if (attempt === undefined || attempt.knownOver) return;
    events.refused(attempt, valueTooLarge(bytes, valueBytesMax));
  }

  leaving(link: Link, streamIds: readonly number[]): void {
    const { running, events } = this.#options;
    for (const streamId of streamIds) {
      const attempt = running.onStream(link, streamId);
      if (attempt !== undefined && !attempt.knownOver) events.suspend(attempt);
    }
  }

  lost(link: Link, streamIds?: readonly number[]): void {
    const { running, events, isolation, isCurrent } = this.#options;
    // A link that is closed from here loses nothing by a crash, and a request may find a proxy alone.
    const mayBeCrash = isCurrent(link) && !link.requestResponse;
    const lost = streamIds?.map((streamId) => running.onStream(link, streamId));
    for (const attempt of lost ?? running.byRun.values()) {
      if (attempt?.link !== link) continue;
      const isCulprit = mayBeCrash && isolation.lost(attempt);
      attempt.knownOver = true;
      if (isCulprit) events.fail(attempt, failedByServer("PDR2043", crashed, Behavior.RETRY));
      else events.giveUp(attempt);
    }
  }

  /** Something came for an attempt that travels as a request, which can't be told anything: the next one has it. */
  toldToNobody(attempt: Attempt, index: number): void {
    attempt.lastTold = index;
    // The core won't suspend it then.
    if (attempt.waiting?.suspending === true) this.#options.events.giveUp(attempt);
  }

  /** What a message brought for an attempt becomes events. */
  #submit(attempt: Attempt): void {
    const { events, running, attemptChanged } = this.#options;
    const { items, end, failed, waiting } = attempt.incoming;
    attempt.incoming = nothingIncoming();
    if (items.length > 0) {
      try {
        this.#weigh(attempt, items);
      } catch (error) {
        return events.refused(attempt, error);
      }
      if (!running.isWithinBudget(attempt)) return;
      const isRequestOver = waiting !== undefined && attempt.link.requestResponse;
      const onReleased = isRequestOver ? (): void => this.#requestOver(attempt) : undefined;
      events.append(attempt, items, end, onReleased);
    }
    if (end) attempt.knownOver = true;
    if (failed !== undefined) {
      attempt.knownOver = true;
      return events.fail(attempt, failedBySdk(failed));
    }
    if (waiting === undefined || end) return;
    attempt.waiting = waiting;
    // What came with it is recorded first, and looked at then.
    if (items.length === 0) attemptChanged?.(attempt.runId);
    if (!attempt.link.requestResponse) return running.waiting.add(attempt);
    attempt.knownOver = true;
    if (items.length === 0) this.#requestOver(attempt);
  }

  /** What the request brought is recorded: the attempt is suspended, or another takes its place at once. */
  #requestOver(attempt: Attempt): void {
    const { running, events } = this.#options;
    const { waiting, link, lastTold, runId } = attempt;
    if (!link.requestResponse || waiting === undefined) return;
    if (running.byRun.get(runId) !== attempt) return;
    if (lastTold > waiting.seen) events.giveUp(attempt);
    else events.suspend(attempt);
  }

  /** @throws ValueTooLarge */
  #weigh(attempt: Attempt, items: readonly AppendedItem[]): void {
    const { running, valueBytesMax } = this.#options;
    for (const { item } of items) {
      const bytes = item.case === undefined ? 0 : itemBytes(item);
      checkValue(bytes - envelopeBytes, valueBytesMax);
      running.room.grow(attempt, bytes);
    }
    attempt.entries += items.length;
  }
}

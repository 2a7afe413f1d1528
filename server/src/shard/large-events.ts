// Events with large values on their way to the shard's queue: their bodies are made durable first, beside the log, so
// that no batch is large and nothing small waits for one.
//   E1. Events of one attempt, and messages from one partition to another, come to the queue in their order: what
//       follows a large one waits behind it. Nothing else does.
//   E2. Where the disk is full the event goes on as it is: the batch that it is in waits for room, as any other.

import type { EventBody } from "../core/apply.js";
import { isPostponed, type EventLog, type StoredBody } from "../log/log.js";
import { encodeEvent, type EncodedEvent } from "./event-codec.js";
import { largeBytes, largeBytesOf } from "./event-size.js";

/** An event's body that is durable already. */
export interface StoredEvent extends EncodedEvent {
  readonly stored: StoredBody;
}

export interface Waiting {
  readonly partition: number;
  readonly event: EventBody;
  body?: StoredEvent;
}

export interface LargeEventsOptions<E extends Waiting> {
  readonly log: Pick<EventLog, "storeBody">;
  /** What is large. Default: {@link largeBytes}. */
  readonly largeBytes?: number | undefined;
  /** It is the event's turn. */
  readonly ready: (event: E) => void;
  readonly failed: (error: unknown) => void;
}

export class LargeEvents<E extends Waiting> {
  readonly #options: LargeEventsOptions<E>;
  /** The first of each is being written. */
  readonly #lanes = new Map<string, E[]>();
  #nextLane = 1;

  constructor(options: LargeEventsOptions<E>) {
    this.#options = options;
  }

  /** How many lanes are not empty. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Whether the event has to wait. It comes by `ready` then. */
  take(event: E): boolean {
    const isLarge = this.#isLarge(event);
    if (!isLarge && this.#lanes.size === 0) return false;
    const name = laneOf(event);
    const lane = name === undefined ? undefined : this.#lanes.get(name);
    if (lane !== undefined) lane.push(event);
    else if (isLarge) this.#open(name ?? `#${String(this.#nextLane++)}`, event);
    else return false;
    return true;
  }

  #isLarge({ event }: E): boolean {
    return largeBytesOf(event) > (this.#options.largeBytes ?? largeBytes);
  }

  #open(name: string, event: E): void {
    const lane = [event];
    this.#lanes.set(name, lane);
    this.#run(name, lane).catch(this.#options.failed);
  }

  async #run(name: string, lane: E[]): Promise<void> {
    for (let event = lane[0]; event !== undefined; event = lane[0]) {
      if (this.#isLarge(event)) await this.#store(event);
      lane.shift();
      if (lane.length === 0) this.#lanes.delete(name);
      this.#options.ready(event);
    }
  }

  async #store(event: E): Promise<void> {
    const encoded = encodeEvent(event.event);
    try {
      const stored = await this.#options.log.storeBody([encoded.body, ...(encoded.more ?? [])]);
      event.body = { ...encoded, stored };
    } catch (error) {
      if (!isPostponed(error)) throw error;
    }
  }
}

/** Whom it must not overtake. */
function laneOf({ partition, event }: Waiting): string | undefined {
  switch (event.case) {
    case "appended":
    case "suspended":
    case "failed":
    case "attemptLost":
      return event.value.runId;
    case "messageReceived":
      return `${String(event.value.from)} ${String(partition)}`;
    default:
      return undefined;
  }
}

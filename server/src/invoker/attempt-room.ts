// How much the attempts of this server may be at the same time: in number, in bytes, and each service only so
// many that others find room beside it.

import type { Attempt } from "./attempt.js";

export interface RoomLimits {
  /** Attempts that may compute at the same time. */
  readonly concurrency: number;
  /** Journal and state of all attempts together. */
  readonly attemptsBytesMax: number;
}

const none: ReadonlySet<string> = new Set();

/** Of all slots, what one service leaves to the others. */
const leftToOthers = 8;

export class AttemptRoom {
  readonly #limits: RoomLimits;
  readonly #attempts: ReadonlyMap<string, Attempt>;
  #bytes = 0;

  /** @param attempts  those that run, by run id */
  constructor(limits: RoomLimits, attempts: ReadonlyMap<string, Attempt>) {
    this.#limits = limits;
    this.#attempts = attempts;
  }

  grow(attempt: Attempt, bytes: number): void {
    attempt.bytes += bytes;
    this.#bytes += bytes;
  }

  leave(attempt: Attempt): void {
    this.#bytes -= attempt.bytes;
  }

  /** Whether one more finds memory. A single attempt always does: else it would never run. */
  get hasMemory(): boolean {
    return this.#bytes < this.#limits.attemptsBytesMax || this.#attempts.size === 0;
  }

  /** @param waiting  attempts that only wait, and hold no slot */
  slotsLeft(waiting: number): number {
    return this.#limits.concurrency - (this.#attempts.size - waiting);
  }

  /** Services that have as many attempts as one may: looked at only where slots get scarce. */
  crowded(waiting: number): ReadonlySet<string> {
    const { concurrency } = this.#limits;
    const reserve = Math.floor(concurrency / leftToOthers);
    if (this.slotsLeft(waiting) > reserve) return none;
    const counts = new Map<string, number>();
    for (const { service, waiting: only } of this.#attempts.values()) {
      if (only === undefined) counts.set(service, (counts.get(service) ?? 0) + 1);
    }
    const most = concurrency - reserve;
    return new Set([...counts].filter(([, count]) => count >= most).map(([service]) => service));
  }
}

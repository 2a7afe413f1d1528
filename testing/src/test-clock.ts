// The event time of an embedded server: goes as real time does, can be set forward by hand, and stands still while
// it is: what is done in between takes no time then.

import { createClock, type Clock } from "@perdure/server";

export class TestClock implements Clock {
  readonly #real: Clock;
  readonly #listeners = new Set<() => void>();
  #aheadMs = 0;
  /** The time at which it stands still. */
  #stoppedAt: number | undefined;

  constructor(real: Clock = createClock()) {
    this.#real = real;
  }

  now(): number {
    return this.#stoppedAt ?? this.#real.now() + this.#aheadMs;
  }

  onMoved(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Stands still, at a whole millisecond. */
  stop(): void {
    this.#stoppedAt = Math.ceil(this.now());
  }

  /** Goes on from where it stands. */
  start(): void {
    if (this.#stoppedAt === undefined) return;
    this.#aheadMs = this.#stoppedAt - this.#real.now();
    this.#stoppedAt = undefined;
  }

  /** Sets the clock to a time, or leaves it where that has passed, and lets what is due fire. */
  moveTo(timeMs: number): void {
    const byMs = Math.max(0, timeMs - this.now());
    if (this.#stoppedAt === undefined) this.#aheadMs += byMs;
    else this.#stoppedAt += byMs;
    for (const listener of this.#listeners) listener();
  }
}

// Attempts that only wait, longest first. One is let go when it has waited for its handler's inactivity
// timeout, or when more wait than the server and the services should keep in memory.

import type { Clock } from "../shard/clock.js";
import type { Attempt } from "./attempt.js";

/** Attempts that may wait in memory; beyond it the longest waiting are suspended. */
const keptMax = 1_000;
const lookEveryMs = 100;

export class WaitingAttempts {
  /** In the order in which they began to wait. */
  readonly #attempts = new Set<Attempt>();
  readonly #clock: Clock;
  readonly #suspend: (attempt: Attempt) => void;
  readonly #timer: NodeJS.Timeout;

  constructor(clock: Clock, suspend: (attempt: Attempt) => void) {
    this.#clock = clock;
    this.#suspend = suspend;
    this.#timer = setInterval(() => {
      this.#look();
    }, lookEveryMs);
    this.#timer.unref();
  }

  get size(): number {
    return this.#attempts.size;
  }

  add(attempt: Attempt): void {
    this.#attempts.delete(attempt);
    this.#attempts.add(attempt);
    if (attempt.inactivityTimeoutMs <= 0) return this.#suspend(attempt);
    let excess = this.#attempts.size - keptMax;
    for (const longest of this.#attempts) {
      if (excess-- <= 0) return;
      this.#suspend(longest);
    }
  }

  /** Room is wanted: the longest waiting are let go. */
  letGo(count: number): void {
    let left = count;
    for (const attempt of this.#attempts) {
      if (left-- <= 0) return;
      this.#suspend(attempt);
    }
  }

  delete(attempt: Attempt): void {
    this.#attempts.delete(attempt);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = this.#clock.now();
    for (const attempt of this.#attempts) {
      const { waiting, inactivityTimeoutMs } = attempt;
      if (waiting !== undefined && now - waiting.sinceMs >= inactivityTimeoutMs) {
        this.#suspend(attempt);
      }
    }
  }
}

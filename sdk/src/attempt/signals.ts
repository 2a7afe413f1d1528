// Signals that reach an attempt: awakeables and cancellation by number, named ones by name. Each is a queue.
//   G1. A signal goes to the first made of the promises that the code awaits under its key just now.
//   G2. One that nobody awaits is kept, in order, and goes to the next that is awaited. So a promise that lost against
//       a time-out swallows nothing.

import type { Signal } from "@perdure/proto/protocol/v1/journal";
import type { SignalPromise, SignalResult } from "./leaves.js";

/** The signal that asks an invocation to stop. */
export const cancelSignalId = 1;

/** A number or a name. */
export type SignalKey = number | string;

export class Signals {
  #kept: Map<SignalKey, SignalResult[]> | undefined;
  #made = 0;

  /** The place of a promise among all that were made. */
  nextPlace(): number {
    return this.#made++;
  }

  /** The first signal that is kept for a key. */
  take(key: SignalKey): SignalResult | undefined {
    const kept = this.#kept?.get(key);
    const first = kept?.shift();
    if (kept?.length === 0) this.#kept?.delete(key);
    return first;
  }

  /** @param awaited  the promises that the code awaits */
  arrived({ signal, result }: Signal, awaited: readonly SignalPromise<unknown>[]): void {
    if (signal.case === undefined) return;
    const key: SignalKey = signal.value;
    let first: SignalPromise<unknown> | undefined;
    for (const promise of awaited) {
      if (promise.key !== key || promise.settled !== undefined) continue;
      if (first === undefined || promise.place < first.place) first = promise;
    }
    if (first !== undefined) return first.complete(result);
    this.#kept ??= new Map();
    const kept = this.#kept.get(key);
    if (kept === undefined) this.#kept.set(key, [result]);
    else kept.push(result);
  }
}

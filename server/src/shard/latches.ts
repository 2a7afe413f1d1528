// Connections that wait for the end of an invocation. They live with the process: after a restart, callers ask
// again.

import type { OutputResult } from "../core/effect.js";
import type { Invocation } from "@perdure/proto/storage/v1/records";

export type Latch = (invocation: Invocation, output: OutputResult) => void;

export class Latches {
  readonly #byRun = new Map<string, Set<Latch>>();

  /** Returns what takes the latch off again. */
  add(runId: string, latch: Latch): () => void {
    let latches = this.#byRun.get(runId);
    if (latches === undefined) {
      latches = new Set();
      this.#byRun.set(runId, latches);
    }
    latches.add(latch);
    return () => {
      latches.delete(latch);
      if (latches.size === 0 && this.#byRun.get(runId) === latches) this.#byRun.delete(runId);
    };
  }

  release(runId: string, invocation: Invocation, output: OutputResult): void {
    const latches = this.#byRun.get(runId);
    if (latches === undefined) return;
    this.#byRun.delete(runId);
    for (const latch of latches) latch(invocation, output);
  }
}

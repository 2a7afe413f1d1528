// Who watches what happens to invocations: over crashes and cut connections, each time from the last cursor on.

import { GoneSignal, progressOf, type Watched } from "@perdure/server/simulation-kit";
import type { Random } from "./machine/random.js";
import type { Running } from "./machine/server-process.js";
import type { WorldParts } from "./world.js";

/** Of accepted invocations. */
const watchedShare = 0.3;

export class Watchers {
  readonly #parts: WorldParts;
  readonly #random: Random;
  #watches = 0;

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#random = parts.random.fork("watchers");
  }

  /** Somebody may care for what becomes of an invocation. Resolves when there is nothing more to be told. */
  async mayWatch(invocationId: string): Promise<void> {
    if (this.#random.chance(watchedShare)) await this.#watch(invocationId, ++this.#watches);
  }

  async #watch(invocationId: string, watch: number): Promise<void> {
    const { callers, outside } = this.#parts;
    let cursor: string | undefined;
    const takeUp = (running: Running): Promise<boolean> =>
      this.#follow(running, invocationId, cursor, (told) => {
        cursor = told.cursor;
        const [runId = ""] = told.cursor.split("~");
        this.#parts.tell({ kind: "watched", watch, runId, event: told.event });
      });
    let isOver: boolean | undefined = false;
    while (isOver === false) isOver = await callers.insist(outside, takeUp);
  }

  /** False where the connection was cut. */
  async #follow(
    { watches, process }: Running,
    invocationId: string,
    cursor: string | undefined,
    tell: (told: Watched) => void,
  ): Promise<boolean> {
    const since = cursor === undefined ? undefined : progressOf(cursor);
    const gone = new GoneSignal();
    let left = this.#random.chance(0.5) ? this.#random.below(8) : Infinity;
    try {
      const events = await watches.watch(invocationId, since, gone);
      for await (const told of events ?? []) {
        if (!process.alive) return false;
        tell(told);
        if (left-- <= 0) return false;
      }
      return true;
    } catch (error) {
      // Another life of the same id: what was watched is gone.
      if (error instanceof Error && error.name === "LifeOver") return true;
      throw error;
    } finally {
      gone.abort();
    }
  }
}

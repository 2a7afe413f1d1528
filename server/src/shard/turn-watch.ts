// How long the turns of the process's event loop are. Measured only in turns in which something came: an idle process does
// nothing for it.

/** A turn is without rest if the loop waited for less than this share of it. */
const restShare = 0.1;

export interface Turn {
  readonly endMs: number;
  /** For how long the loop had not rested at its end. */
  readonly busyMs: number;
  /** How many things came in it. */
  readonly came: number;
}

export class TurnWatch {
  readonly #turned: (turn: Turn) => void;
  #isArmed = false;
  #count = 0;
  #armedAtMs = 0;
  #lastMs = 0;
  #lastIdleMs = 0;

  /** @param turned  called at the end of a turn in which something came */
  constructor(turned: (turn: Turn) => void) {
    this.#turned = turned;
  }

  /** Something came. */
  came(): void {
    this.#count++;
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#armedAtMs = performance.now();
    setImmediate(this.#tick);
  }

  readonly #tick = (): void => {
    this.#isArmed = false;
    const came = this.#count;
    this.#count = 0;
    const endMs = performance.now();
    const idleMs = performance.nodeTiming.idleTime;
    const elapsedMs = endMs - this.#lastMs;
    const restMs = idleMs - this.#lastIdleMs;
    this.#lastMs = endMs;
    this.#lastIdleMs = idleMs;
    // What comes right after the loop has looked for news waits for the whole of a turn: those that it rested in are over.
    const isRestless = restMs < restShare * elapsedMs;
    const busyMs = isRestless ? elapsedMs - restMs : endMs - this.#armedAtMs;
    this.#turned({ endMs, busyMs, came });
  };
}

// One timer object for all durable timers of a shard: it stands for the earliest due time of any
// partition. The timers themselves are rows.

import { partitionCount } from "@perdure/protocol/ids";

/** setTimeout takes no more than some 24 days; and a clock may be drawn in the meantime. */
const waitMsMax = 60_000;
/** Where very many timers are due at once, other work goes on in between. */
export interface Pace {
  /** Partitions whose timers are asked for in one go. */
  readonly partitionsAtOnce: number;
  /** Between one go and the next. */
  readonly gapMs: number;
  /** False: not now. */
  readonly isWelcome: () => boolean;
}

const atOnce: Pace = { partitionsAtOnce: 4, gapMs: 0, isWelcome: () => true };

export class TimerHeads {
  readonly #heads: Float64Array = new Float64Array(partitionCount).fill(Infinity);
  readonly #now: () => number;
  readonly #due: (partition: number, until: number) => void;
  #timeout: NodeJS.Timeout | undefined;
  #armedFor = Infinity;
  readonly #pace: Pace;
  #closed = false;
  #lastFiredAt = -Infinity;
  /** Where the next look begins. */
  #turn = 0;

  /** @param due  called once for each partition that has timers due; the shard arms what is left */
  constructor(
    now: () => number,
    due: (partition: number, until: number) => void,
    pace: Pace = atOnce,
  ) {
    this.#now = now;
    this.#due = due;
    this.#pace = pace;
  }

  /** A timer was added. */
  arm(partition: number, dueAt: number): void {
    if (dueAt >= (this.#heads[partition] ?? Infinity)) return;
    this.#heads[partition] = dueAt;
    if (dueAt < this.#armedFor) this.#wait(dueAt);
  }

  /** The earliest timer that is left after some have fired; Infinity for none. */
  reset(partition: number, dueAt: number): void {
    this.#heads[partition] = Infinity;
    if (dueAt !== Infinity) this.arm(partition, dueAt);
  }

  /** The earliest due time that is known; Infinity for none. */
  get next(): number {
    return Math.min(...this.#heads);
  }

  /** The clock was set forward: what became due fires now. */
  clockMoved(): void {
    if (this.#closed) return;
    clearTimeout(this.#timeout);
    this.#fire();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timeout);
  }

  #wait(dueAt: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timeout);
    this.#armedFor = dueAt;
    const { gapMs } = this.#pace;
    const gapLeft = Math.min(gapMs, this.#lastFiredAt + gapMs - performance.now());
    const wait = Math.max(0, gapLeft, Math.min(waitMsMax, Math.ceil(dueAt - this.#now())));
    this.#timeout = setTimeout(() => {
      this.#fire();
    }, wait);
  }

  #fire(): void {
    const now = this.#now();
    this.#armedFor = Infinity;
    this.#lastFiredAt = performance.now();
    let fired = 0;
    const max = this.#pace.isWelcome() ? this.#pace.partitionsAtOnce : 0;
    for (let looks = 0; looks < partitionCount && fired < max; looks++) {
      const partition = this.#turn;
      this.#turn = (this.#turn + 1) % partitionCount;
      if ((this.#heads[partition] ?? Infinity) > now) continue;
      fired++;
      // Not asked for again until the shard has answered with what is left.
      this.#heads[partition] = Infinity;
      this.#due(partition, Math.floor(now));
    }
    const { next } = this;
    if (next !== Infinity && next < this.#armedFor) this.#wait(next);
  }
}

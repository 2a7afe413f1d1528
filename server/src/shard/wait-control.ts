// How much of what comes is to be refused, so that the rest does not wait too long: PIE (RFC 8033), a controller of queues
// that looks at how long things wait, not at how many there are.
//   W1. A single stall (a checkpoint, a pause for garbage) refuses nobody: the wait must stay long for a while.
//   W2. The share that is refused follows the wait up and down without a step, so that throughput does not swing.
//   W3. Some are let in whatever happens: else nobody would learn that it has become better.

export interface WaitControlOptions {
  /** What is still no wait. */
  readonly targetMs: number;
  readonly nowMs: () => number;
}

const stepMs = 20;
/** How long the wait must have been too long before anybody is refused. */
const patienceMs = 300;
/** For each second of wait beyond the target, and for each second by which it grew. */
const gainOfWait = 0.5;
const gainOfChange = 5;
const changeMax = 0.05;
const letInMin = 0.02;
/** For each step in which nobody waits long. */
const decay = 0.97;
/** For so long the last wait is taken for that of now, where none is told: news come once in a turn of the loop. */
const holdMs = 500;
/** As many steps as are made up for after a time without any. */
const stepsMax = 200;

export class WaitControl {
  readonly #options: WaitControlOptions;
  #share = 0;
  /** Refusals that are due, in parts of one: what comes is refused evenly, by no dice. */
  #owed = 0;
  #lastStepMs: number;
  #lastWaitMs = 0;
  /** The longest wait since the last step; undefined: none was told. */
  #longestMs: number | undefined;
  #toldAtMs = -Infinity;
  #tooLongSinceMs: number | undefined;

  constructor(options: WaitControlOptions) {
    this.#options = options;
    this.#lastStepMs = options.nowMs();
  }

  /** The share of what comes that is refused now, 0 to 1. */
  get share(): number {
    return this.#share;
  }

  /** Somebody has waited so long, or does still. */
  waited(ms: number): void {
    if (this.#longestMs === undefined || ms > this.#longestMs) this.#longestMs = ms;
  }

  /** Whether the one who comes now is to be refused. */
  refuses(): boolean {
    this.#catchUp();
    this.#owed += this.#share;
    if (this.#owed < 1) return false;
    this.#owed -= 1;
    return true;
  }

  #catchUp(): void {
    const nowMs = this.#options.nowMs();
    const steps = Math.floor((nowMs - this.#lastStepMs) / stepMs);
    if (steps <= 0) return;
    this.#lastStepMs += steps * stepMs;
    if (this.#longestMs !== undefined) this.#toldAtMs = nowMs;
    const held = nowMs - this.#toldAtMs <= holdMs ? this.#lastWaitMs : 0;
    const waitMs = this.#longestMs ?? held;
    this.#longestMs = undefined;
    // The time may have been one long turn of the loop: all of its steps saw the same wait.
    for (let step = Math.min(steps, stepsMax); step > 0; step--) this.#step(waitMs, nowMs);
  }

  #step(waitMs: number, nowMs: number): void {
    const { targetMs } = this.#options;
    const before = this.#lastWaitMs;
    this.#lastWaitMs = waitMs;
    if (waitMs <= targetMs) this.#tooLongSinceMs = undefined;
    else this.#tooLongSinceMs ??= nowMs;
    const since = this.#tooLongSinceMs;
    if (this.#share === 0 && (since === undefined || nowMs - since < patienceMs)) return;
    const error = gainOfWait * (waitMs - targetMs) + gainOfChange * (waitMs - before);
    // Small shares are changed by little: else they would swing.
    const scale = this.#share < 0.01 ? 0.25 : this.#share < 0.1 ? 0.5 : 1;
    const change = (error / 1_000) * scale;
    const share = this.#share + Math.max(-changeMax, Math.min(changeMax, change));
    const calm = waitMs < targetMs / 2 && before < targetMs / 2;
    this.#share = Math.max(0, Math.min(1 - letInMin, calm ? share * decay : share));
    if (this.#share < 0.001 && waitMs <= targetMs) this.#share = this.#owed = 0;
  }
}

// For how long those who were refused are not listened to. Refusing costs a third of accepting, or more: where too many are to
// be refused, the loop does little else, and its turns grow until nothing of what was accepted goes on. So whoever was
// refused, and comes again on the same connection before he was asked to, waits the longer the more there are.

/** More than these in one turn are a flood. */
const perTurn = 512;
/** Never as long as `retry-after` says: whoever heeds that notices nothing. */
const holds = [0, 25, 50, 100, 200, 400] as const;
/** Without a flood for so long the hold becomes shorter. */
const calmMs = 300;

export class Flood {
  #level = 0;
  #sinceMs = 0;

  get holdBackMs(): number {
    return holds[this.#level] ?? 0;
  }

  /** @param came  submissions in a turn of the loop */
  turned(came: number, nowMs: number): void {
    if (came > perTurn) this.#level = Math.min(this.#level + 1, holds.length - 1);
    else if (this.#level === 0 || nowMs - this.#sinceMs < calmMs) return;
    else this.#level--;
    this.#sinceMs = nowMs;
  }
}

// How many submissions may be under way at the same time while the server's loop is at the end of its strength. Whatever
// comes waits for a turn of the loop, and turns grow with what is under way: so their length says how long all wait, before
// anybody has waited, and including what waits in sockets that nobody has read yet.
//   L1. While turns are short, or the loop has time to rest, there is no limit: what services take is not looked at.
//   L2. A few are never too many: a slow machine with few callers refuses nobody.
//   L3. A single long turn (a checkpoint, a pause for garbage) limits nobody.

/** Turns beyond this are too long. */
const targetMs = 20;
/** Between this share of the target and the target all stays as it is. */
const calmShare = 0.7;
const patienceMs = 100;
export const fewUnderWay = 256;
/** The limit follows the length of the turn, within these. */
const shrinkMin = 0.5;
const shrinkMax = 0.9;
const grow = 1.05;
const growEveryMs = 10;
/** A limit that is this many times what is under way limits nobody any more. */
const forgottenShare = 4;

export class LoopLimit {
  #limit = Infinity;
  /** The most that were under way in this turn. */
  #most = 0;
  #grownAtMs = 0;
  #tooLongSinceMs: number | undefined;

  /** Those beyond it are too many. */
  get limit(): number {
    return this.#limit;
  }

  /** So many are under way at this moment. */
  saw(underWay: number): void {
    if (underWay > this.#most) this.#most = underWay;
  }

  /** A turn of the loop is over, in which it never rested for so long. */
  turned(busyMs: number, nowMs: number): void {
    const most = this.#most;
    this.#most = 0;
    if (busyMs <= targetMs) {
      this.#tooLongSinceMs = undefined;
      if (busyMs > calmShare * targetMs || this.#limit === Infinity) return;
      // A loop that has little to do turns often.
      if (nowMs - this.#grownAtMs < growEveryMs) return;
      this.#grownAtMs = nowMs;
      this.#limit *= grow;
      if (this.#limit > forgottenShare * Math.max(most, fewUnderWay)) this.#limit = Infinity;
      return;
    }
    if (this.#limit === Infinity) {
      this.#tooLongSinceMs ??= nowMs - busyMs;
      if (nowMs - this.#tooLongSinceMs < patienceMs) return;
      // It may have been one turn alone that was so long.
      if (busyMs >= patienceMs && nowMs - this.#tooLongSinceMs <= busyMs) return;
    }
    const shrink = Math.max(shrinkMin, Math.min(shrinkMax, targetMs / busyMs));
    this.#limit = Math.max(fewUnderWay, Math.min(this.#limit, most) * shrink);
  }
}

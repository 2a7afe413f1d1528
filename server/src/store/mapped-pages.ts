// When to let go of the pages of the store's file. LMDB maps the file, and every page that was once touched stays
// resident, with its neighbours: in time the whole file. The system takes such pages back when it wants memory, but they
// count as the process's, and hide what it really needs.
//   P1. Letting go has its price (a millisecond or two, the faults afterwards, some kilobytes that lmdb does not free): it
//       is done now and then, more often for a while where a store grows fast, never all the time where pages are
//       in use that are asked for again at once.

import { readFileSync } from "node:fs";

/** What may be mapped. */
const mappedMaxBytes = 8 * 1024 * 1024;
const gapMs = 1_000;
/** So many in a row, at that gap... */
const burstMax = 250;
/** ... and one more after each such time. */
const refillMs = 5 * 60_000;

export interface MappedPagesOptions {
  /** Resident bytes of files that the process has mapped; undefined where that can't be known. */
  readonly fileBytes?: () => number | undefined;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

export class MappedPages {
  readonly #fileBytes: () => number | undefined;
  readonly #now: () => number;
  /** What is mapped beside the store: the program and its libraries. */
  #otherBytes: number | undefined;
  #allowance = burstMax;
  #refilledAt: number;
  #lookedAt: number;

  constructor({
    fileBytes = residentFileBytes,
    now = () => performance.now(),
  }: MappedPagesOptions = {}) {
    this.#fileBytes = fileBytes;
    this.#now = now;
    this.#refilledAt = now();
    this.#lookedAt = now();
    this.#otherBytes = fileBytes();
  }

  /** Whether it is time. Looks now and then only, so it may be asked often. */
  get areMany(): boolean {
    const now = this.#now();
    if (this.#otherBytes === undefined || now - this.#lookedAt < gapMs) return false;
    this.#lookedAt = now;
    const refills = Math.floor((now - this.#refilledAt) / refillMs);
    this.#refilledAt += refills * refillMs;
    this.#allowance = Math.min(burstMax, this.#allowance + refills);
    return this.#allowance >= 1 && (this.#fileBytes() ?? 0) - this.#otherBytes > mappedMaxBytes;
  }

  /** It was done. */
  letGo(): void {
    this.#allowance--;
    this.#otherBytes = this.#fileBytes();
  }
}

/** Linux says it. */
function residentFileBytes(): number | undefined {
  try {
    const kib = /^RssFile:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

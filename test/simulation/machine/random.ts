// Random numbers that follow from one seed. Each part of the world draws from a stream of its own, so that one that
// draws more often than before does not change what the others see.

export class Random {
  readonly #path: string;
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(path: string | number) {
    this.#path = String(path);
    let hash = 2166136261;
    for (const char of this.#path) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
    this.#a = hash >>> 0;
    this.#b = Math.imul(hash, 2654435761) >>> 0;
    this.#c = ~hash >>> 0;
    for (let round = 0; round < 12; round++) this.bits();
  }

  /** A stream that follows from this one's seed and the name, whatever was drawn from this one. */
  fork(name: string | number): Random {
    return new Random(`${this.#path}/${String(name)}`);
  }

  /** 32 bits (sfc32). */
  bits(): number {
    const sum = (this.#a + this.#b + this.#d++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 inclusive to 1 exclusive. */
  unit(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.unit() * end);
  }

  /** A whole number, both ends included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const index = this.below(from.length);
    return from[index] as T;
  }

  /** Mostly small, now and then much longer. */
  about(mean: number): number {
    return -Math.log(1 - this.unit()) * mean;
  }

  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.bits() & 0xff;
  }
}

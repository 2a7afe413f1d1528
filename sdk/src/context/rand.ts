// Deterministic randomness: xoshiro256++ seeded by SplitMix64 from the invocation's stored seed, so that every
// attempt draws the same numbers.

import type { Rand } from "./context.js";

const mask = (1n << 64n) - 1n;

export function createRand(seed: bigint): Rand {
  let state: [bigint, bigint, bigint, bigint] | undefined;

  function next(): bigint {
    state ??= seeded(seed);
    const [s0, s1, s2, s3] = state;
    const result = (rotate((s0 + s3) & mask, 23n) + s0) & mask;
    const t = (s1 << 17n) & mask;
    const x2 = s2 ^ s0;
    const x3 = s3 ^ s1;
    state = [s0 ^ x3, s1 ^ x2, x2 ^ t, rotate(x3, 45n)];
    return result;
  }

  return {
    random: () => Number(next() >> 11n) / 2 ** 53,
    uuidv4(): string {
      const high = (next() & ~0xf000n) | 0x4000n;
      const low = (next() & ~(0b11n << 62n)) | (0b10n << 62n);
      const hex =
        (high & mask).toString(16).padStart(16, "0") + (low & mask).toString(16).padStart(16, "0");
      return [8, 12, 16, 20, 32]
        .map((end, at, ends) => hex.slice(at === 0 ? 0 : ends[at - 1], end))
        .join("-");
    },
  };
}

function seeded(seed: bigint): [bigint, bigint, bigint, bigint] {
  let state = seed & mask;
  function split(): bigint {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return z ^ (z >> 31n);
  }
  return [split(), split(), split(), split()];
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & mask;
}

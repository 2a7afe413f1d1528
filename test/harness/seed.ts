// Random choices that can be made again: the seed is printed, and PERDURE_TEST_SEED brings it back.

import { createHash } from "node:crypto";

export interface SeededRandom {
  readonly seed: number;
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
}

/** @param purpose  of two generators with one seed, each goes its own way */
export function seededRandom(seed: number, purpose: string): SeededRandom {
  let drawn = 0;
  const next = (): number =>
    createHash("sha256").update(`${seed} ${purpose} ${++drawn}`).digest().readUInt32BE();
  return {
    seed,
    below: (end) => next() % end,
    between: (from, to) => from + (next() % (to - from + 1)),
  };
}

/** The seed of this run. */
export function testSeed(): number {
  const given = process.env["PERDURE_TEST_SEED"];
  return given === undefined ? Math.floor(Math.random() * 1e9) : Number(given);
}

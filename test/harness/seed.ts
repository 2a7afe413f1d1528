// Random choices that can be made again: the seed is printed, and PERDURE_TEST_SEED brings it back.

export interface SeededRandom {
  readonly seed: number;
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
}

/** @param purpose  of two generators with one seed, each goes its own way */
export function seededRandom(seed: number, purpose: string): SeededRandom {
  let state = seed >>> 0;
  for (const letter of purpose) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  /** mulberry32's step: small, and good enough to choose instants. */
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
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

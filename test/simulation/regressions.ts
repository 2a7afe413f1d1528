// Seeds that found something, or went where few go, and must hold from now on. A seed names a history only as long as the
// simulation draws as it did: afterwards it is one more seed.

export interface Regression {
  readonly seed: number;
  readonly steps: number;
  readonly about: string;
}

export const regressions: readonly Regression[] = [
  { seed: 3, steps: 100, about: "a failed sync of a spare segment, clocks that are set" },
  { seed: 6, steps: 100, about: "a full disk at a start" },
  { seed: 9, steps: 100, about: "delayed starts behind a lock" },
  {
    seed: 924355110,
    steps: 150,
    about: "what an early attempt waits for, when its first one was lost",
  },
  {
    seed: 262950233,
    steps: 150,
    about: "an early attempt whose record waits for a full disk longer than anybody asks",
  },
  { seed: 880010, steps: 150, about: "results that are not kept, in scopes with limits" },
  { seed: 880023, steps: 150, about: "attempts as requests in a storm, of which some got lost" },
  {
    seed: 536363379,
    steps: 150,
    about: "a result that an early attempt was shown, and a loss of power undid",
  },
];

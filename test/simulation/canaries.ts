// Bugs that are put in on purpose, by name: each shows that a checker can fail.

import type { Fact } from "./history.js";
import type { Random } from "./machine/random.js";
import type { Tampering } from "./machine/server-process.js";

export type CanaryName = string;

export interface Canary {
  readonly tampering: Tampering;
}

export function createCanary(
  name: CanaryName | undefined,
  random: Random,
  tell: (fact: Fact) => void,
): Canary {
  void name;
  void random;
  void tell;
  return { tampering: {} };
}

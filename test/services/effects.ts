// What a step does in the tests that kill: one line in an append-only file, with a value that is new in each execution.
// Whatever is computed from the value can be traced to the line.

import { randomUUID } from "node:crypto";
import { openSync, writeSync } from "node:fs";

const effects = openSync(process.env["PERDURE_TEST_EFFECTS"] ?? "/dev/null", "a");

/** Writes the line whole, by one system call, which a kill can't tear. */
export function effect(who: string, step: string, ...used: string[]): string {
  const value = randomUUID();
  writeSync(effects, `${JSON.stringify({ who, step, value, used })}\n`);
  return value;
}

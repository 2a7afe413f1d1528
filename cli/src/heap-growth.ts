// How the heap of a server grows. Left to itself, V8 lets the old objects become up to four times as many as were
// alive at the last collection before it collects them again. The tables' layers in memory become garbage with each
// checkpoint, so collecting them sooner saves memory, and costs the more the sooner it is. Three steps at 200 clients,
// server CPU and resident memory: half again 170 µs and 180 MB, twice as much again 140 and 220, V8's own way 130 and 255.

import { setFlagsFromString } from "node:v8";

/** What is alive may grow by so much between two collections. */
const growthPercent = 200;

/**
 * Only for a process that is a server and nothing else. What the user told Node about its heap stands.
 * @returns what to start further processes of the server with
 */
export function growHeapSlowly(
  execArgv: readonly string[],
  nodeOptions: string | undefined,
): readonly string[] {
  const told = [...execArgv, nodeOptions ?? ""].join(" ");
  if (/heap[-_]growing[-_]percent/.test(told)) return execArgv;
  const flag = `--heap-growing-percent=${String(growthPercent)}`;
  setFlagsFromString(flag);
  return [...execArgv, flag];
}

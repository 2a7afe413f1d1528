// How the heap of a server grows. Left to itself, V8 lets the old objects become up to four times as many as were
// alive at the last collection before it collects them again: a server whose tables have 30 MB alive keeps 100. The
// tables' layers in memory (4 MB) become garbage with each checkpoint, so collecting them sooner costs
// little, and most of it happens beside the loop. Measured: bench/README.md.

import { setFlagsFromString } from "node:v8";

/** What is alive may grow by so much between two collections. */
const growthPercent = 50;

/** Only for a process that is a server and nothing else. What the user told Node about its heap stands. */
export function growHeapSlowly(execArgv: readonly string[], nodeOptions: string | undefined): void {
  const told = [...execArgv, nodeOptions ?? ""].join(" ");
  if (/heap[-_]growing[-_]percent/.test(told)) return;
  setFlagsFromString(`--heap-growing-percent=${String(growthPercent)}`);
}

// How the heap of a server grows. What the tables' layers in memory hold becomes garbage with each checkpoint, so it lives
// long enough to be taken for old, and the heap of a busy server is mostly such garbage. Two things bound it:
//   H1. Old objects are collected when there are twice as many as were alive after the last collection. V8 by itself waits for up
//       to four times as many.
//   H2. The two halves of the young objects' space have 8 MB each. V8 by itself lets them grow to 16, which costs memory and
//       longer pauses and saves no CPU time here.

import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** What is alive may grow by so much between two collections. */
const growthPercent = 100;
/** Of both halves. */
const youngBytesMax = 16 * 1024 * 1024;

export interface HeapGrowth {
  /** To be called when the server has started. */
  started(): void;
  /** What to start further processes of the server with. */
  readonly workerExecArgv: readonly string[];
}

/**
 * Only for a process that is a server and nothing else, before it begins. What the user told Node about its heap stands.
 */
export function growHeapSlowly(
  execArgv: readonly string[],
  nodeOptions: string | undefined,
): HeapGrowth {
  const told = [...execArgv, nodeOptions ?? ""].join(" ").replaceAll("_", "-");
  const workerExecArgv = [...execArgv];
  if (!told.includes("heap-growing-percent")) {
    const flag = `--heap-growing-percent=${String(growthPercent)}`;
    setFlagsFromString(flag);
    workerExecArgv.push(flag);
  }
  if (told.includes("semi-space")) return { started: () => undefined, workerExecArgv };
  const halfMb = youngBytesMax / 2 / 1024 / 1024;
  workerExecArgv.push(`--max-semi-space-size=${String(halfMb)}`);
  return { started: growYoungSpaceStepByStep(), workerExecArgv };
}

/**
 * The most that the space may have is settled when a process begins; by how much it grows is asked each time. Each step is
 * seen at the end of a turn of the loop, and a start has turns that are long enough for several: the space grows when it is
 * over. V8 also lets it shrink, in a quiet process: then it may grow again.
 */
function growYoungSpaceStepByStep(): () => void {
  let mayGrow = false;
  setGrowth(mayGrow);
  const collections = new PerformanceObserver(() => {
    const mayGrowNow = youngBytes() < youngBytesMax;
    if (mayGrowNow === mayGrow) return;
    mayGrow = mayGrowNow;
    setGrowth(mayGrow);
  });
  return () => {
    collections.observe({ entryTypes: ["gc"] });
  };
}

function setGrowth(mayGrow: boolean): void {
  setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? "2" : "1"}`);
}

function youngBytes(): number {
  const young = getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
  return young?.space_size ?? 0;
}

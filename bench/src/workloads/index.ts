// All workloads by name. The names that the command line offers are `workloadNames` (closed-loop
// workloads, in the order of the table), `ownWorkloadNames` (what only Perdure has, measured when it
// is asked for) and `sleepers`, an experiment of its own.
import { fan, plain, steps1, steps10, steps3 } from "./calls.js";
import { counter, counterHot } from "./counter.js";
import { signup } from "./signup.js";
import { naps, sleepSends } from "./sleepers.js";
import { typed } from "./typed.js";
import type { Workload } from "./workload.js";

const loopWorkloads = [plain, steps1, steps3, steps10, counter, counterHot, signup, fan];

const allWorkloads: ReadonlyMap<string, Workload> = new Map(
  [...loopWorkloads, typed, sleepSends, naps].map((workload) => [workload.name, workload]),
);

export const workloadNames: readonly string[] = loopWorkloads.map((workload) => workload.name);

export const ownWorkloadNames: readonly string[] = [typed.name];

/** @throws Error  no workload has this name */
export function workloadOf(name: string): Workload {
  const workload = allWorkloads.get(name);
  if (!workload) throw new Error(`no workload is named ${name}`);
  return workload;
}

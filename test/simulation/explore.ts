// Runs worlds, one after the other, and counts what they saw.

import { canaries, type CanaryName } from "./canaries.js";
import { noneCovered, type Covered } from "./coverage.js";
import { real } from "./machine/real.js";
import type { Weather } from "./profile.js";
import { World, type RunResult } from "./world.js";

export interface ExploreOptions {
  readonly seed: number | undefined;
  readonly steps: number | undefined;
  readonly rounds: number | undefined;
  readonly seconds: number | undefined;
  readonly canary: CanaryName | undefined;
  readonly weather: Weather | undefined;
}

const defaultSteps = 150;

/** True where a promise was broken. */
export async function explore(options: ExploreOptions): Promise<boolean> {
  const { steps = defaultSteps, canary, weather, seed } = options;
  const rounds =
    options.rounds ?? (seed === undefined || options.seconds !== undefined ? Infinity : 1);
  const seconds =
    options.seconds ?? (seed === undefined && options.rounds === undefined ? 60 : Infinity);
  const first = seed ?? Math.floor(Math.random() * 1e9);
  const begun = real.performanceNow();
  const results: RunResult[] = [];
  let failed = false;
  for (let round = 0; round < rounds && real.performanceNow() - begun < seconds * 1_000; round++) {
    const result = await new World({ seed: first + round, steps, canary, weather }).run();
    results.push(result);
    if (result.offences.length === 0) continue;
    failed = true;
    const more = canary === undefined ? "" : ` --canary ${canary}`;
    console.log(`seed ${result.seed} failed:`);
    for (const offence of result.offences) console.log(`  ${offence}`);
    console.log(
      `  again: npm run sim -- --seed ${result.seed} --steps ${steps}${weather === undefined ? "" : ` --weather ${weather}`}${more}`,
    );
    if (options.rounds === undefined) break;
  }
  report(results, (real.performanceNow() - begun) / 1_000);
  return failed;
}

/** Worlds that a canary may take to be caught. */
const canaryWorldsMax = 100;

/** True where each was caught by the checker that it is for. */
export async function releaseCanaries(): Promise<boolean> {
  const names = Object.keys(canaries) as CanaryName[];
  let caught = 0;
  for (const canary of names) {
    const worlds = await worldsUntilCaught(canary);
    if (worlds !== undefined) caught++;
    const how = worlds === undefined ? "NOT CAUGHT" : `caught in world ${worlds}`;
    console.log(`${canary}: ${how} ("${canaries[canary].checker}")`);
  }
  console.log(`${caught} of ${names.length} canaries caught`);
  return caught === names.length;
}

async function worldsUntilCaught(canary: CanaryName): Promise<number | undefined> {
  for (let world = 1; world <= canaryWorldsMax; world++) {
    const { broken } = await new World({ seed: world, steps: 60, canary }).run();
    if (broken.some((name) => name.startsWith(canaries[canary].checker))) return world;
  }
  return undefined;
}

function report(results: readonly RunResult[], seconds: number): void {
  const sum = (of: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const faults = new Map<string, number>();
  for (const result of results) {
    for (const [kind, count] of Object.entries(result.faults)) {
      faults.set(kind, (faults.get(kind) ?? 0) + count);
    }
  }
  const invocations = sum((result) => result.invocations);
  console.log(
    `${results.length} worlds in ${seconds.toFixed(1)} s (${Math.round(sum((result) => result.simulatedMs) / 1_000)} s simulated): ` +
      `${invocations} invocations (${Math.round(invocations / seconds)} a second), ${sum((result) => result.closures)} step executions, ${sum((result) => result.early)} early starts and results, ` +
      `${sum((result) => result.records)} records, ${sum((result) => result.checkpoints)} checkpoint transactions, ` +
      `${sum((result) => result.messages)} messages, ${sum((result) => result.crashes)} crashes of the server, ${sum((result) => result.moves)} begun moves to other workers`,
  );
  const last = results.at(-1);
  if (last !== undefined) console.log(`history ${last.digest}`);
  const covered = noneCovered();
  for (const result of results) {
    for (const kind of Object.keys(covered) as (keyof Covered)[]) {
      covered[kind] += result.covered[kind];
    }
  }
  console.log(countsText(Object.entries(covered)));
  console.log(countsText(faults));
}

function countsText(counts: Iterable<readonly [kind: string, count: number]>): string {
  return Array.from(counts, ([kind, count]) => `${kind} ${String(count)}`).join(", ");
}

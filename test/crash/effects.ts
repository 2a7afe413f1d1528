// The file that steps write to, read back; and what must hold of it, whatever was killed when.

import { readFileSync, statSync } from "node:fs";
import type { Effect } from "./trip-types.js";

export function readEffects(file: string): Effect[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Effect);
}

/** Grows with every execution of a step. */
export function effectBytes(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

export function byWho(effects: readonly Effect[]): ReadonlyMap<string, readonly Effect[]> {
  const found = new Map<string, Effect[]>();
  for (const effect of effects) {
    const known = found.get(effect.who);
    if (known === undefined) found.set(effect.who, [effect]);
    else known.push(effect);
  }
  return found;
}

/**
 * Executions of steps that were recorded already: a value that somebody was given is a recorded one, so
 * no execution of its step may come after that.
 */
export function repeatedAfterUse(effects: readonly Effect[]): string[] {
  const offences: string[] = [];
  for (const [who, own] of byWho(effects)) {
    const stepOfValue = new Map(own.map(({ value, step }) => [value, step]));
    const recorded = new Map<string, string>();
    for (const { step, value, used } of own) {
      const known = recorded.get(step);
      if (known !== undefined)
        offences.push(`${who}: ${step} ran again after its result ${known} was used`);
      for (const one of used) {
        const of = stepOfValue.get(one);
        if (of === undefined) continue;
        const before = recorded.get(of);
        if (before !== undefined && before !== one) {
          offences.push(
            `${who}: ${step} (${value}) was given ${one} for ${of}, another was given ${before}`,
          );
        }
        recorded.set(of, one);
      }
    }
  }
  return offences;
}

/** How often steps ran more than once; steps that run side by side count as one. */
export function repeatsOf(effects: readonly Effect[], sideBySide: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const { step } of effects) counts.set(step, (counts.get(step) ?? 0) + 1);
  let repeats = 0;
  let most = 1;
  for (const [step, count] of counts) {
    if (sideBySide.includes(step)) most = Math.max(most, count);
    else repeats += count - 1;
  }
  return repeats + most - 1;
}

/** The steps in order, those that ran several times in a row once. */
export function orderOf(effects: readonly Effect[]): string[] {
  return effects
    .map(({ step }) => step)
    .filter((step, at, steps) => at === 0 || steps[at - 1] !== step);
}

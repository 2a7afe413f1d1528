// A difference between two forms of a handler's input or output, as JSON Schemas and descriptors tell it.

/** Whether callers write the value or read it: what breaks them differs. */
export type Direction = "input" | "output";

export interface TypeChange {
  /** "input.user.email", "output[]", "input.scores{}", "input.pair[0]". */
  readonly path: string;
  /** What stands behind the path: "was a string and is a number now". */
  readonly text: string;
  readonly breaksCallers: boolean;
}

/**
 * What a comparison may still cost, in forms and fields that are looked at. Manifests come from anywhere, and a small
 * one can hold more pairs of types than anybody can wait for.
 */
export interface Effort {
  left: number;
}

/** About a second. All types of some hundred handlers cost a tenth of it. */
export const effortMax = 1_000_000;

/** In one input or output: more than anybody reads. */
export const changesMax = 200;

/** There is more to compare, or to tell, than it is worth. */
export class TooMuch extends Error {
  override readonly name = "TooMuch";
}

/** @throws TooMuch */
export function spend(effort: Effort, units: number): void {
  effort.left -= units;
  if (effort.left < 0) throw new TooMuch();
}

/** @throws TooMuch */
export function tellOnce(changes: TypeChange[], change: TypeChange): void {
  if (changes.length >= changesMax) throw new TooMuch();
  changes.push(change);
}

/**
 * What both tell, once: of one place, the first that breaks callers, or else the first.
 * @param lists  the one that says it best comes first
 */
export function mergedChanges(...lists: readonly (readonly TypeChange[])[]): TypeChange[] {
  const merged: TypeChange[] = [];
  for (const list of lists) {
    const before = new Map(merged.map((change) => [change.path, change]));
    for (const change of list) {
      const there = before.get(change.path);
      if (there === undefined) merged.push(change);
      else if (change.breaksCallers && !there.breaksCallers) {
        merged.splice(merged.indexOf(there), 1, change);
        before.set(change.path, change);
      }
    }
  }
  return merged;
}

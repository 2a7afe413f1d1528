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

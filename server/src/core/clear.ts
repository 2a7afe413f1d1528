// Rows of one object, all of them.

import { endOfPrefix } from "./keys.js";
import type { RangeTable } from "./tables.js";

/** Few enough to be deleted one by one. That an object was cleared costs each later look at its rows. */
const fewRows = 100;

/** Removes every row of an object. */
export function clear<V>(table: RangeTable<V>, object: string): void {
  const rows = table.scan(object, endOfPrefix(object), fewRows + 1);
  if (rows.length > fewRows) return table.clear(object);
  for (const { key } of rows) table.delete(key);
}

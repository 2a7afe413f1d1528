// Rows of one object, all of them.

import { rowsPerEventMax } from "@perdure/protocol/limits";
import { endOfPrefix } from "./keys.js";
import type { RangeTable } from "./tables.js";

/** Removes every row of an object. */
export function clear<V>(table: RangeTable<V>, object: string): void {
  for (;;) {
    const rows = table.scan(object, endOfPrefix(object), rowsPerEventMax);
    for (const row of rows) table.delete(row.key);
    if (rows.length < rowsPerEventMax) return;
  }
}

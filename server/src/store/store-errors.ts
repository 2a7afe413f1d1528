// What can be wrong with a store.

/** A row can't be read: the store is damaged. */
export class RowDamaged extends Error {
  override readonly name = "RowDamaged";
  readonly code = "PDR1202";

  constructor(table: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `PDR1202: a row of the store (table ${String(table)}) can't be read (${reason}). Stop the server and restore the data directory from a backup`,
      { cause },
    );
  }
}

/** The tables can't be read. Nothing was changed. */
export class StoreDamaged extends Error {
  override readonly name = "StoreDamaged";
  readonly code = "PDR1201";

  constructor(directory: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `PDR1201: the store in ${directory} can't be opened (${reason}). Nothing was changed. Restore the data directory from a backup, or move it away to start empty`,
      { cause },
    );
  }
}

// What can be wrong with a store.

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

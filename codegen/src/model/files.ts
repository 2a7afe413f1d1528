// What codegen writes.

export interface GeneratedFile {
  /** Relative to the output folder, with slashes. */
  readonly path: string;
  readonly content: string | Uint8Array;
}

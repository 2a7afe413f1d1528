// What the user asks codegen for.

export interface CodegenSettings {
  /** Absolute; places and patterns are relative to it. */
  readonly cwd: string;
  /** Globs of source files, such as "src/**\/*.ts". */
  readonly sources: readonly string[];
  /** The output folder, relative to `cwd`. */
  readonly out: string;
  /** The protobuf package, such as "tour.v1". */
  readonly package: string;
  /** Absent: the nearest tsconfig.json above the sources. */
  readonly tsconfig?: string;
}

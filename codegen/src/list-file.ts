// The list of what codegen made, which stands in the output folder beside it.

import type { GeneratedFile } from "./model/files.js";

export const listFile = ".perdure-codegen";

const head =
  "# What perdure codegen wrote into this folder. It removes what it does not write any more, and nothing else.";

export function listOf(files: readonly GeneratedFile[]): GeneratedFile {
  const paths = files.map(({ path }) => path).toSorted();
  return { path: listFile, content: `${[head, ...paths].join("\n")}\n` };
}

/** The paths that a list has, as they stand there. */
export function pathsIn(list: string): string[] {
  return list.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
}

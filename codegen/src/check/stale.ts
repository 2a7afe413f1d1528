// Whether the output folder is what codegen would write now.

import { join } from "node:path";
import type { Diagnostic } from "../model/diagnostic.js";
import type { GeneratedFile } from "../model/files.js";
import { contentOf, isSame, obsoleteFiles } from "../write-files.js";

export interface StaleFile {
  /** Relative to the output folder, with slashes. */
  readonly path: string;
  readonly why: "missing" | "differs" | "obsolete";
  /** Of text: the first line that differs, from 1. */
  readonly line?: number;
}

/** @param out  the output folder, absolute */
export async function staleFiles(
  out: string,
  files: readonly GeneratedFile[],
): Promise<StaleFile[]> {
  const stale: StaleFile[] = [];
  for (const { path, content } of files) {
    const there = await contentOf(join(out, path));
    if (there === undefined) stale.push({ path, why: "missing" });
    else if (!isSame(there, content)) {
      const line =
        typeof content === "string" ? firstDifference(content, new TextDecoder().decode(there)) : 0;
      stale.push({ path, why: "differs", ...(line === 0 ? {} : { line }) });
    }
  }
  const obsolete = await obsoleteFiles(out, files);
  return [...stale, ...obsolete.map((path) => ({ path, why: "obsolete" as const }))];
}

function firstDifference(is: string, was: string): number {
  const [now, before] = [is.split("\n"), was.split("\n")];
  return 1 + now.findIndex((line, index) => line !== before[index]) || before.length;
}

/** @param folder  the output folder, as places are written */
export function staleFindings(folder: string, files: readonly StaleFile[]): Diagnostic[] {
  return files.map(({ path, why, line }) => ({
    code: "PDR6301",
    severity: "error",
    message: `${folder}/${path} ${whys[why]}${line === undefined ? "" : `, from line ${line} on`}`,
    advice: "run perdure codegen without --check, and commit what it writes",
  }));
}

const whys: Readonly<Record<StaleFile["why"], string>> = {
  missing: "is missing",
  differs: "is not what the code gives",
  obsolete: "is not written any more, and still there",
};

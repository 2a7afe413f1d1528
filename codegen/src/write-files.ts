// Brings the output folder to what was generated.
//   W1. A file that is as it should be is not touched: its time stays, and nobody who watches it wakes.
//   W2. Each file is replaced at once: readers see the old one or the new one.
//   W3. What an earlier run made and this one did not is removed, by the list that the earlier run left. Nothing else.

import { mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import { errorMessage } from "@perdure/protocol/error-message";
import { CodegenError } from "./codegen-error.js";
import { listFile, pathsIn } from "./list-file.js";
import type { GeneratedFile } from "./model/files.js";

export interface WrittenFiles {
  /** Relative to the output folder, with slashes. */
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/**
 * @param out  the output folder, absolute; created where it is not there
 * @throws CodegenError  PDR6402
 */
export async function writeFiles(
  out: string,
  files: readonly GeneratedFile[],
): Promise<WrittenFiles> {
  try {
    const removed: string[] = [];
    for (const path of await obsoleteFiles(out, files)) {
      await rm(join(out, path), { force: true });
      await removeEmptyFolders(out, dirname(path));
      removed.push(path);
    }
    const written: string[] = [];
    for (const file of files) {
      const path = join(out, file.path);
      if (isSame(await contentOf(path), file.content)) continue;
      await mkdir(dirname(path), { recursive: true });
      const draft = `${path}.${process.pid}.tmp`;
      await writeFile(draft, file.content);
      await rename(draft, path).catch(async (error: unknown) => {
        await rm(draft, { force: true });
        throw error;
      });
      written.push(file.path);
    }
    return { written, removed };
  } catch (cause) {
    const why = errorMessage(cause);
    throw new CodegenError(
      "PDR6402",
      `the output folder ${out} can't be written: ${why}. Name another one with --out, or give the right to write there`,
      { cause },
    );
  }
}

/** Files of an earlier run that are there still, and are not made any more. */
export async function obsoleteFiles(
  out: string,
  files: readonly GeneratedFile[],
): Promise<string[]> {
  const list = await contentOf(join(out, listFile));
  const made = new Set(files.map(({ path }) => path));
  const listed = list === undefined ? [] : pathsIn(new TextDecoder().decode(list));
  const obsolete: string[] = [];
  for (const path of listed) {
    if (made.has(path) || !isInside(path)) continue;
    if ((await contentOf(join(out, path))) !== undefined) obsolete.push(path);
  }
  return obsolete;
}

/** The list may have been edited: it must not lead anywhere else. */
function isInside(path: string): boolean {
  const plain = normalize(path);
  return !plain.startsWith("..") && !plain.startsWith(sep) && !/^[a-z]:/i.test(plain);
}

/** Undefined: there is no such file. */
export async function contentOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

export function isSame(there: Uint8Array | undefined, content: string | Uint8Array): boolean {
  return there !== undefined && Buffer.from(content).equals(there);
}

async function removeEmptyFolders(out: string, folder: string): Promise<void> {
  for (let at = folder; at !== "." && at !== ""; at = dirname(at)) {
    try {
      await rmdir(join(out, at));
    } catch {
      // Somebody's files are in it.
      return;
    }
  }
}

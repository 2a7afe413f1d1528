// From source files to what the output folder is to hold: read, lower, print. Nothing is written here, and nothing of
// the user's code is run.
//   G1. Field numbers come from the manifest of the output folder. One that is there and can't be read is an error:
//       without it numbers would move.
//   G2. Errors in the code stop the output: there are no files then.

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Manifest } from "@perdure/proto/manifest/v1/manifest";
import { errorMessage } from "@perdure/protocol/error-message";
import { CodegenError } from "./codegen-error.js";
import { listOf } from "./list-file.js";
import { manifestFile, parseManifest } from "./manifest-file.js";
import type { Diagnostic } from "./model/diagnostic.js";
import type { GeneratedFile } from "./model/files.js";
import { comparePlaces } from "./model/place.js";
import type { Model } from "./model/services.js";
import type { CodegenSettings } from "./model/settings.js";
import { filesOf } from "./print/files.js";
import { readProject } from "./read/read-project.js";

export interface Generated {
  /** Everything that belongs into the output folder. Empty where the code has errors. */
  readonly files: readonly GeneratedFile[];
  /** Absent where the code has errors. */
  readonly manifest?: Manifest;
  /** By place. */
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute: the files that were read. */
  readonly sources: readonly string[];
  /** What was read, also where it has errors. */
  readonly model: Model;
}

/** @throws CodegenError  PDR6401 */
export async function generate(settings: CodegenSettings): Promise<Generated> {
  const previous = await previousManifest(resolve(settings.cwd, settings.out));
  const { model, diagnostics: found, sources } = readProject(settings);
  if (hasErrors(found)) return { files: [], diagnostics: ordered(found), sources, model };
  const printed = await filesOf(model, settings, previous);
  const diagnostics = ordered([...found, ...printed.diagnostics]);
  if (hasErrors(diagnostics)) return { files: [], diagnostics, sources, model };
  const { files, manifest } = printed;
  return { files: [...files, listOf(files)], manifest, diagnostics, sources, model };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}

async function previousManifest(out: string): Promise<Manifest | undefined> {
  const path = join(out, manifestFile);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(path, error);
  }
  try {
    return parseManifest(bytes, false);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): CodegenError {
  const why = errorMessage(cause);
  return new CodegenError(
    "PDR6401",
    `the field numbers that are given are in ${path}, which can't be read (${why}). Restore it from version control, or remove it where nobody has called these services yet`,
    { cause },
  );
}

/** What is about the project as a whole comes first. */
function ordered(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted((a, b) => {
    if (a.place === undefined || b.place === undefined) {
      return Number(b.place === undefined) - Number(a.place === undefined);
    }
    return comparePlaces(a.place, b.place);
  });
}

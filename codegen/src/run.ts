// One run of codegen: generate and write.

import { resolve } from "node:path";
import { generate, hasErrors, type Generated } from "./generate.js";
import type { CodegenSettings } from "./model/settings.js";
import { writeFiles, type WrittenFiles } from "./write-files.js";

export interface CodegenRun extends WrittenFiles {
  readonly generated: Generated;
  /** False: the code has errors, and the output folder is as it was. */
  readonly passed: boolean;
  readonly durationMs: number;
}

/** @throws CodegenError  PDR6401, PDR6402 */
export async function runCodegen(settings: CodegenSettings): Promise<CodegenRun> {
  const begun = performance.now();
  const generated = await generate(settings);
  const passed = !hasErrors(generated.diagnostics);
  const files = passed
    ? await writeFiles(resolve(settings.cwd, settings.out), generated.files)
    : { written: [], removed: [] };
  return { ...files, generated, passed, durationMs: performance.now() - begun };
}

// Perdure's code generator: from annotated classes to a manifest, a .proto and typed clients. `perdure codegen` is
// made of this; nothing here executes the code that it reads.

export { check, type Checked, type CheckSettings } from "./check/check.js";
export { CodegenError } from "./codegen-error.js";
export { generate, type Generated } from "./generate.js";
export type { Diagnostic } from "./model/diagnostic.js";
export type { GeneratedFile } from "./model/files.js";
export type { Place } from "./model/place.js";
export type { CodegenSettings } from "./model/settings.js";
export { changesText, checkText, diagnosticText, diagnosticsText, runText } from "./report.js";
export { runCodegen, type CodegenRun } from "./run.js";
export { watch, type Watching, type WatchOptions } from "./watch.js";
export { writeFiles, type WrittenFiles } from "./write-files.js";

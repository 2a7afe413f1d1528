// What codegen has to say, as lines for a terminal.

import type { Checked } from "./check/check.js";
import type { Generated } from "./generate.js";
import type { Diagnostic } from "./model/diagnostic.js";
import { placeText } from "./model/place.js";
import type { CodegenRun } from "./run.js";

/** Two lines for each: what is wrong and where, then what to do. */
export function diagnosticsText(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(diagnosticText).join("\n");
}

export function diagnosticText(diagnostic: Diagnostic): string {
  const { code, severity, place, message, advice } = diagnostic;
  const head = place === undefined ? "" : `${placeText(place)}  `;
  return `${head}${severity} ${code}  ${message}\n    ${advice}`;
}

/** "2 services, 5 handlers, 9 files (2 written) in 1.4 s". */
export function runText({ generated, passed, written, removed, durationMs }: CodegenRun): string {
  const { diagnostics, files } = generated;
  const time = `in ${(durationMs / 1000).toFixed(1)} s`;
  if (!passed) return `${countsText(diagnostics)}: nothing was written, ${time}`;
  const done = [
    ...(written.length > 0 || removed.length === 0 ? [`${written.length} written`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ];
  const warned = diagnostics.length === 0 ? "" : `; ${countsText(diagnostics)}`;
  return `${contentText(generated)}, ${plural(files.length, "file")} (${done.join(", ")}) ${time}${warned}`;
}

/** "2 services, 5 handlers: all is as it should be". */
export function checkText({ passed, findings, changes, generated }: Checked): string {
  const content = contentText(generated);
  const harmless = changes.filter(
    ({ breaksCallers, breaksRunning }) => !breaksCallers && !breaksRunning,
  ).length;
  const told = harmless === 0 ? "" : `, ${plural(harmless, "harmless change")}`;
  if (findings.length === 0) return `${content}: all is as it should be${told}`;
  return `${content}: ${countsText(findings)}${told}. The check ${passed ? "passed" : "failed"}`;
}

/** Every difference, with whom it breaks. */
export function changesText({ changes }: Checked): string {
  return changes
    .filter(({ breaksCallers, breaksRunning }) => !breaksCallers && !breaksRunning)
    .map(({ text }) => `note  ${text}`)
    .join("\n");
}

function contentText({ model }: Generated): string {
  const { services } = model;
  const handlers = services.reduce((sum, service) => sum + service.handlers.length, 0);
  return `${plural(services.length, "service")}, ${plural(handlers, "handler")}`;
}

function countsText(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  return [
    ...(errors === 0 ? [] : [plural(errors, "error")]),
    ...(warnings === 0 ? [] : [plural(warnings, "warning")]),
  ].join(", ");
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

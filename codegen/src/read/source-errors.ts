// Errors in files that would make reading miss something without a word.

import { ts } from "ts-morph";
import { placeAt } from "./places.js";
import type { ReadContext } from "./read-context.js";

/** The first of a file; the others mostly follow from it. */
export function reportSyntax(
  { diagnostics, cwd }: ReadContext,
  program: ts.Program,
  file: ts.SourceFile,
): void {
  const [first] = program.getSyntacticDiagnostics(file);
  if (first === undefined) return;
  diagnostics.add({
    code: "PDR6003",
    severity: "error",
    place: placeAt(file, first.start, cwd),
    message: `the file has a syntax error: ${ts.flattenDiagnosticMessageText(first.messageText, " ")}`,
    advice: "mend it; tsc says more",
  });
}

/** Reports an import of the SDK that leads nowhere: no service would be found in the file. */
export function reportSdk({ checker, diagnostics }: ReadContext, file: ts.SourceFile): void {
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    const from = statement.moduleSpecifier;
    if (from === undefined || !ts.isStringLiteral(from)) continue;
    if (!/^@perdure\/sdk(?:\/|$)/.test(from.text)) continue;
    if (checker.getSymbolAtLocation(from) !== undefined) continue;
    diagnostics.report(from, {
      code: "PDR6004",
      message: `${from.text} can't be resolved`,
      advice: "install it, or build it; tsc says why it is not found",
    });
  }
}

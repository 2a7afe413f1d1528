// What reading asks about the files of a program: whose they are.

import { dirname, join } from "node:path";
import { ts } from "ts-morph";
import type { Diagnostics, ReadContext } from "./read-context.js";

export function contextOf(program: ts.Program, cwd: string, diagnostics: Diagnostics): ReadContext {
  const packages = new Map<string, string | undefined>();
  return {
    checker: program.getTypeChecker(),
    cwd,
    diagnostics,
    isLibrary: (file) => isLibrary(program, file),
    isSdk: ({ fileName }) => packageNameOf(dirname(fileName), packages) === "@perdure/sdk",
  };
}

function isLibrary(program: ts.Program, file: ts.SourceFile): boolean {
  return program.isSourceFileDefaultLibrary(file) || file.fileName.includes("/node_modules/");
}

/** The name in the nearest package.json above that has one. */
function packageNameOf(folder: string, known: Map<string, string | undefined>): string | undefined {
  if (known.has(folder)) return known.get(folder);
  const text = ts.sys.readFile(join(folder, "package.json"));
  const parent = dirname(folder);
  const name =
    (text === undefined ? undefined : nameIn(text)) ??
    (parent === folder ? undefined : packageNameOf(parent, known));
  known.set(folder, name);
  return name;
}

function nameIn(text: string): string | undefined {
  try {
    const { name } = JSON.parse(text) as { readonly name?: unknown };
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

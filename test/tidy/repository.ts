// The repository as data for the architecture test: which files there are, and what each imports.
//
// It walks the folders instead of asking git, so that it also works on an unpacked archive and sees
// files that are not committed yet. What npm, tsc and test runs leave behind is passed over.
// Imports are found by TypeScript's own scanner, so that one in a comment or in the text of a program that is
// generated is not taken for one.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ts } from "ts-morph";

export const rootFolder: string = fileURLToPath(new URL("../../", import.meta.url)).replace(
  /[\\/]$/,
  "",
);

const skippedFolders = new Set([".git", "node_modules", "dist", "coverage", "perdure-data"]);
const skippedPaths = new Set(["bench/results"]);

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** What it imports, as written: `./x.js`, `node:fs`, `@perdure/protocol/ids`. */
  readonly imports: readonly string[];
}

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Every file of the repository that people or generators wrote, by path. */
export function listFiles(folder = ""): string[] {
  const entries = readdirSync(path.join(rootFolder, folder), { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const inside = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (skippedPaths.has(inside)) return [];
      if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : listFiles(inside);
      return entry.isFile() && !entry.name.endsWith(".tsbuildinfo") ? [inside] : [];
    })
    .sort();
}

export function readText(file: string): string {
  return readFileSync(path.join(rootFolder, file), "utf8");
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readText(path.posix.join(folder, "package.json"))) as Manifest;
}

export function readSource(file: string): SourceFile {
  const text = readText(file);
  return { path: file, text, imports: importsOf(text) };
}

/** The specifiers of all static and literal dynamic imports, each once. */
export function importsOf(text: string): string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  return [...new Set(importedFiles.map(({ fileName }) => fileName))];
}

/** `@scope/name/deep` → `@scope/name`; `name/deep` → `name`. */
export function packageNameOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith("./") || specifier.startsWith("../");
}

/** Where a relative import leads, from the repository's root; `../x` at the front when it leaves it. */
export function targetOf(file: string, specifier: string): string {
  return path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
}

// Opens the user's code for reading: the files that the patterns name, with the compiler options of their tsconfig.
//   - Nothing is run, nothing is written.
//   - Whether a value may be null or undefined must show in its type, so `strictNullChecks` is always on.
//   - Options that this compiler doesn't know are of no concern here: `tsc` is the one to complain.

import { dirname, resolve, sep } from "node:path";
import { globSync } from "tinyglobby";
import { Project, ts } from "ts-morph";
import type { CodegenSettings } from "../model/settings.js";
import type { Diagnostics } from "./read-context.js";

export interface OpenProject {
  readonly project: Project;
  /** The files that the patterns name, absolute, in code point order. */
  readonly files: readonly string[];
  /** Absolute; absent: there is none. */
  readonly tsconfig?: string;
}

/** Undefined where nothing can be read; the diagnostics say why. */
export function openProject(
  settings: CodegenSettings,
  diagnostics: Diagnostics,
): OpenProject | undefined {
  const files = filesOf(settings);
  if (files.length === 0) {
    diagnostics.report(undefined, {
      code: "PDR6001",
      message: `no TypeScript files match ${settings.sources.map((glob) => `"${glob}"`).join(", ")} in ${settings.cwd}`,
      advice: "name the files that define services, in quotes: 'src/**/*.ts'",
    });
    return undefined;
  }
  const tsconfig =
    settings.tsconfig === undefined
      ? ts.findConfigFile(commonFolder(files), ts.sys.fileExists)
      : resolve(settings.cwd, settings.tsconfig);
  const config = tsconfig === undefined ? noConfig : readConfig(tsconfig, diagnostics);
  if (config === undefined) return undefined;
  const project = new Project({
    compilerOptions: {
      ...config.options,
      noEmit: true,
      strictNullChecks: true,
      composite: false,
      incremental: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      skipLibCheck: true,
    },
  });
  for (const file of [...config.globals, ...files]) project.addSourceFileAtPath(file);
  return { project, files, ...(tsconfig === undefined ? {} : { tsconfig }) };
}

function filesOf({ cwd, sources, out }: CodegenSettings): readonly string[] {
  const output = resolve(cwd, out) + sep;
  return globSync([...sources], {
    cwd,
    absolute: true,
    ignore: ["**/node_modules/**", "**/*.test.*", "**/*.fixture.*", "**/*.d.{ts,mts,cts}"],
  })
    .filter((file) => /\.[mc]?tsx?$/.test(file) && !resolve(file).startsWith(output))
    .sort();
}

function commonFolder(files: readonly string[]): string {
  return files
    .map((file) => dirname(file))
    .reduce((common, folder) => {
      let shared = common;
      while (folder !== shared && !folder.startsWith(shared === "/" ? shared : `${shared}/`)) {
        shared = dirname(shared);
      }
      return shared;
    });
}

interface Config {
  readonly options: ts.CompilerOptions;
  /** Declaration files of the project: what they declare for all is there without an import. */
  readonly globals: readonly string[];
}

const noConfig: Config = {
  options: {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    types: ["*"],
  },
  globals: [],
};

function readConfig(tsconfig: string, diagnostics: Diagnostics): Config | undefined {
  const fail = (problem: string): undefined => {
    diagnostics.report(undefined, {
      code: "PDR6002",
      message: `${tsconfig} can't be read: ${problem}`,
      advice: "mend it, or name another one with --tsconfig",
    });
    return undefined;
  };
  const { config, error } = ts.readConfigFile(tsconfig, ts.sys.readFile) as {
    readonly config?: unknown;
    readonly error?: ts.Diagnostic;
  };
  if (error !== undefined) return fail(ts.flattenDiagnosticMessageText(error.messageText, " "));
  const parsed = ts.parseJsonConfigFileContent(
    config,
    ts.sys,
    dirname(tsconfig),
    undefined,
    tsconfig,
  );
  const missing = parsed.errors.find(({ code }) => unreadable.has(code));
  if (missing !== undefined) {
    return fail(ts.flattenDiagnosticMessageText(missing.messageText, " "));
  }
  return {
    options: parsed.options,
    globals: parsed.fileNames.filter((file) => /\.d\.[mc]?ts$/.test(file)),
  };
}

/** A file that it extends isn't there, or can't be read: options would be missing. */
const unreadable: ReadonlySet<number> = new Set([5012, 5083, 6053]);

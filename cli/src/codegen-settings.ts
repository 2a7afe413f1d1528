// What `perdure codegen` is to do: flags, and where they are silent the member "perdure": {"codegen": {…}} of the
// package.json in the working directory.

import type { CodegenSettings } from "@perdure/codegen";
import { readFileSync } from "node:fs";
import path from "node:path";
import { isObject } from "./admin-connection.js";
import { CliError, CliErrorCode } from "./cli-error.js";

export interface CodegenFlags {
  readonly out?: string;
  readonly package?: string;
  readonly tsconfig?: string;
  readonly watch?: boolean;
  readonly check?: boolean;
  readonly against?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** @throws CliError  PDR5212 */
export function codegenSettings(
  cwd: string,
  globs: readonly string[],
  flags: CodegenFlags,
): CodegenSettings {
  const configured = configOf(cwd);
  const sources = globs.length > 0 ? globs : (configured.sources ?? []);
  const out = flags.out ?? configured.out;
  const protoPackage = flags.package ?? configured.package;
  const tsconfig = flags.tsconfig ?? configured.tsconfig;
  if (sources.length === 0) throw missing("source files", "'src/**/*.ts'");
  if (out === undefined) throw missing("the output folder", "--out gen");
  if (protoPackage === undefined) throw missing("the protobuf package", "--package tour.v1");
  if (isAbove(cwd, path.resolve(cwd, out))) {
    throw unusable(`the output folder ${out} has the working directory in it; name one of its own`);
  }
  if (flags.watch === true && flags.check === true) {
    throw unusable("--watch writes and --check does not; give one of them");
  }
  if (flags.check !== true && (flags.against !== undefined || flags.strict === true)) {
    throw unusable("--against and --strict belong to --check; add it");
  }
  const settings = { cwd, sources, out, package: protoPackage };
  return tsconfig === undefined ? settings : { ...settings, tsconfig };
}

function isAbove(cwd: string, out: string): boolean {
  const way = path.relative(out, cwd);
  return way === "" || (!way.startsWith("..") && !path.isAbsolute(way));
}

interface CodegenConfig {
  readonly sources?: readonly string[];
  readonly out?: string;
  readonly package?: string;
  readonly tsconfig?: string;
}

const members = ["sources", "out", "package", "tsconfig"];

function configOf(cwd: string): CodegenConfig {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path.join(cwd, "package.json"), "utf8"));
  } catch {
    // None, or none that npm could read either.
    return {};
  }
  const perdure = isObject(manifest) ? manifest["perdure"] : undefined;
  const config = isObject(perdure) ? perdure["codegen"] : undefined;
  if (config === undefined) return {};
  const where = `"perdure": {"codegen": …} of package.json`;
  if (!isObject(config)) throw unusable(`${where} must be an object`);
  for (const [name, value] of Object.entries(config)) {
    if (!members.includes(name)) {
      throw unusable(`${where} has a member "${name}"; it may have ${members.join(", ")}`);
    }
    const isText = typeof value === "string";
    const isList = Array.isArray(value) && value.every((one) => typeof one === "string");
    if (name === "sources" ? !isList : !isText) {
      const form = name === "sources" ? "a list of patterns" : "text";
      throw unusable(`"${name}" in ${where} must be ${form}`);
    }
  }
  return config as CodegenConfig;
}

function missing(what: string, example: string): CliError {
  return unusable(
    `${what} must be named: give ${example}, or set it as "perdure": {"codegen": …} in package.json`,
  );
}

function unusable(message: string): CliError {
  return new CliError(CliErrorCode.codegenSettings, message, { exitStatus: 2 });
}

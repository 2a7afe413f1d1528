// Where settings come from: the file, the environment, flags. Each source gives values by path, together with
// where they stand, so that a complaint can name the place; a name that nobody knows is a complaint.

import { readFileSync } from "node:fs";
import path from "node:path";
import { errorMessage } from "@perdure/protocol/error-message";
import { ConfigError, ConfigErrorCode } from "./config-error.js";
import {
  configFileFlag,
  configKeys,
  defaultConfigFile,
  foreignPrefixes,
  foreignVariables,
  type ConfigKey,
} from "./config-keys.js";
import { nearestName } from "./nearest-name.js";

export interface Setting {
  readonly value: unknown;
  /** Where it stands, in words. */
  readonly origin: string;
}

/** By path: `retryPolicy.maxAttempts`. */
export type Settings = ReadonlyMap<string, Setting>;

export function defaultSettings(): Settings {
  return new Map(
    configKeys.map((key) => [key.path, { value: key.default, origin: "the default" }]),
  );
}

/** @throws ConfigError  PDR5103: a variable PERDURE_… that nobody knows */
export function environmentSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const settings = new Map<string, Setting>();
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("PERDURE_") || isForeign(name)) continue;
    const key = configKeys.find((known) => known.env === name);
    if (key === undefined) {
      const known = [...configKeys.map(({ env }) => env), ...foreignVariables];
      throw unknown(`environment variable ${name}`, "variable", nearestName(name, known));
    }
    // Set to nothing is how scripts and containers leave a variable out.
    if (value === undefined || value === "") continue;
    settings.set(key.path, { value, origin: `the environment variable ${name}` });
  }
  return settings;
}

/** @throws ConfigError  PDR5103: a flag that nobody knows */
export function flagSettings(flags: Readonly<Record<string, string | undefined>>): Settings {
  const settings = new Map<string, Setting>();
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined || name === configFileFlag) continue;
    const key = configKeys.find((known) => known.flag === name);
    if (key === undefined) throw unknownFlag(name);
    settings.set(key.path, { value, origin: `the flag --${name}` });
  }
  return settings;
}

/** @param name  without the two dashes */
export function unknownFlag(name: string): ConfigError {
  const known = [...configKeys.map(({ flag }) => flag), configFileFlag];
  return unknown(`flag --${name}`, "flag", `--${nearestName(name, known)}`);
}

/**
 * Reads the configuration file.
 * @param named  as the flag says it; without one the default file, which need not be there
 * @throws ConfigError  PDR5101, PDR5102, PDR5103, PDR5104
 */
export function fileSettings(cwd: string, named: string | undefined): Settings {
  const file = path.resolve(cwd, named ?? defaultConfigFile);
  const text = readText(file, named !== undefined);
  return text === undefined ? new Map() : settingsOfJson(file, text);
}

function readText(file: string, mustExist: boolean): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code = String(cause) } = cause as { code?: string };
    if (code === "ENOENT" && !mustExist) return undefined;
    const why = code === "ENOENT" ? "there is no such file" : `it can't be read (${code})`;
    throw new ConfigError(
      ConfigErrorCode.fileNotReadable,
      `configuration file ${file}: ${why}. Correct --${configFileFlag}, or leave it out to use ${defaultConfigFile} where there is one`,
      { cause },
    );
  }
}

function settingsOfJson(file: string, text: string): Settings {
  let root: unknown;
  try {
    // Some editors begin a file with a byte order mark.
    root = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw notJson(file, errorMessage(cause));
  }
  if (!isObject(root))
    throw notJson(file, 'expected an object such as {"ingress": "0.0.0.0:8080"}');
  const settings = new Map<string, Setting>();
  collect(file, "", root, settings);
  return settings;
}

function collect(
  file: string,
  prefix: string,
  object: object,
  settings: Map<string, Setting>,
): void {
  for (const [name, value] of Object.entries(object)) {
    const at = prefix + name;
    const key = configKeys.find((known) => known.path === at);
    if (key !== undefined) {
      settings.set(at, { value: value as unknown, origin: file });
      continue;
    }
    const inside = configKeys.filter((known) => known.path.startsWith(`${at}.`));
    if (inside.length === 0) throw unknownKey(file, at);
    if (!isObject(value)) throw notNested(file, at, inside);
    collect(file, `${at}.`, value, settings);
  }
}

function unknownKey(file: string, at: string): ConfigError {
  const known = configKeys.map((key) => key.path);
  return unknown(`key "${at}" in ${file}`, "key", `"${nearestName(at, known)}"`);
}

function notNested(file: string, at: string, inside: readonly ConfigKey[]): ConfigError {
  const names = inside.map((key) => key.path.slice(at.length + 1)).join(", ");
  return new ConfigError(
    ConfigErrorCode.badValue,
    `"${at}" in ${file} is no object: expected {…} with any of ${names}`,
  );
}

function notJson(file: string, why: string): ConfigError {
  return new ConfigError(ConfigErrorCode.fileNotJson, `${file} is not a configuration: ${why}`);
}

function unknown(what: string, noun: string, nearest: string): ConfigError {
  return new ConfigError(
    ConfigErrorCode.unknownName,
    `unknown ${what}; the nearest known ${noun} is ${nearest}. docs/configuration.md lists them all`,
  );
}

function isForeign(name: string): boolean {
  return (
    foreignVariables.includes(name) || foreignPrefixes.some((prefix) => name.startsWith(prefix))
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

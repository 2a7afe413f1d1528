// The server's configuration: defaults, then the file, then the environment, then flags; the later wins,
// key by key. Everything is checked before anything is opened.

import path from "node:path";
import { ConfigError, ConfigErrorCode } from "./config-error.js";
import { configFileFlag } from "./config-keys.js";
import { parseConfig } from "./config-schema.js";
import {
  defaultSettings,
  environmentSettings,
  fileSettings,
  flagSettings,
  type Settings,
} from "./config-sources.js";
import type { ListenAddress, ServerConfig } from "./server-config.js";

export interface ConfigSources {
  /** By name, without the two dashes: `data-dir`, `config`. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  /** Default: none. The command hands in `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What relative paths start from. Default: the working directory of the process. */
  readonly cwd?: string;
}

/**
 * Reads and checks the configuration.
 * @throws ConfigError  PDR5101 to PDR5105
 */
export function loadConfig(sources: ConfigSources = {}): ServerConfig {
  const { flags = {}, env = {}, cwd = process.cwd() } = sources;
  const settings: Settings = new Map([
    ...defaultSettings(),
    ...fileSettings(cwd, flags[configFileFlag]),
    ...environmentSettings(env),
    ...flagSettings(flags),
  ]);

  const parsed = parseConfig(nested(settings));
  if (parsed.kind === "issue") {
    const { value, origin = "the configuration" } = settings.get(parsed.path) ?? {};
    throw new ConfigError(
      ConfigErrorCode.badValue,
      `${parsed.path} is ${JSON.stringify(value)} in ${origin}: ${parsed.message}`,
    );
  }
  const { config } = parsed;
  if (areSame(config.ingress, config.admin)) {
    throw new ConfigError(
      ConfigErrorCode.addressConflict,
      `ingress and admin have the same address, ${addressText(config.ingress)}. Give each a port of its own`,
    );
  }
  const { dataDir, requestIdentityKeyFile: keyFile } = config;
  return {
    ...config,
    dataDir: path.resolve(cwd, dataDir),
    requestIdentityKeyFile: keyFile === "" ? "" : path.resolve(cwd, keyFile),
  };
}

/** Paths become nested objects, as the file has them. */
function nested(settings: Settings): object {
  const root: Record<string, unknown> = {};
  for (const [at, { value }] of settings) {
    const [outer = "", inner] = at.split(".");
    root[outer] = inner === undefined ? value : { ...(root[outer] as object), [inner]: value };
  }
  return root;
}

const wildcards = ["0.0.0.0", "::"];

function areSame(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  return one.host === other.host || [one, other].some(({ host }) => wildcards.includes(host));
}

function addressText({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

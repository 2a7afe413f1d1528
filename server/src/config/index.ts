// The configuration for the command line: light to load, since it brings nothing of the engine.

export { ConfigError, ConfigErrorCode } from "./config-error.js";
export { configFileFlag, configKeys, defaultConfigFile, type ConfigKey } from "./config-keys.js";
export { unknownFlag } from "./config-sources.js";
export { loadConfig, type ConfigSources } from "./load-config.js";
export type { ListenAddress, ServerConfig } from "./server-config.js";

// What can be wrong with the configuration. Thrown before anything is opened: nothing was changed.

/** Stable codes of configuration errors (docs/errors.md). */
export const ConfigErrorCode = {
  fileNotReadable: "PDR5101",
  fileNotJson: "PDR5102",
  unknownName: "PDR5103",
  badValue: "PDR5104",
  addressConflict: "PDR5105",
} as const;
export type ConfigErrorCode = (typeof ConfigErrorCode)[keyof typeof ConfigErrorCode];

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

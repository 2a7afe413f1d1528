// The server's log: lines on stderr, by level. Nothing is written per invocation at the default level.

export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export type Log = Readonly<Record<LogLevel, (message: string) => void>>;

export function createLog(level: LogLevel): Log {
  const from = logLevels.indexOf(level);
  const at = (line: LogLevel): ((message: string) => void) =>
    logLevels.indexOf(line) < from
      ? () => undefined
      : (message) => {
          process.stderr.write(`${new Date().toISOString()} ${line.toUpperCase()} ${message}\n`);
        };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

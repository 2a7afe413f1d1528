// The server's log: lines on stderr, by level. Nothing is written per invocation at the default level.

export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export type Log = Readonly<Record<LogLevel, (message: string) => void>>;

const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/**
 * One line, whatever is in it: names and messages come from callers and services, and must not look like lines of the
 * log or be commands to a terminal.
 */
export function escaped(message: string): string {
  return message.replace(controls, (found) =>
    found === "\n" ? "\\n" : `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function createLog(level: LogLevel): Log {
  const from = logLevels.indexOf(level);
  const at = (line: LogLevel): ((message: string) => void) =>
    logLevels.indexOf(line) < from
      ? () => undefined
      : (message) => {
          const text = escaped(message);
          process.stderr.write(`${new Date().toISOString()} ${line.toUpperCase()} ${text}\n`);
        };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

// The SDK's log: lines on stderr by level. PERDURE_LOG sets the level; RESTATE_LOGGING is honoured too.

const levels = ["trace", "debug", "info", "warn", "error"] as const;
type Level = (typeof levels)[number];

export type Logger = Readonly<Record<Level, (message: string) => void>>;

function levelFromEnvironment(): Level {
  const { PERDURE_LOG: own, RESTATE_LOGGING: field } = process.env;
  const wanted = (own ?? field ?? "info").toLowerCase();
  return levels.find((level) => level === wanted) ?? "info";
}

export function createLogger(level: Level = levelFromEnvironment()): Logger {
  const from = levels.indexOf(level);
  const at = (line: Level): ((message: string) => void) =>
    levels.indexOf(line) < from
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

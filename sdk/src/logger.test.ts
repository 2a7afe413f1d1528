import { afterEach, describe, expect, test, vi } from "vitest";
import {
  createLogger,
  defaultTransport,
  loggingConsole,
  type LoggerContext,
  type LoggerTransport,
  type LogMetadata,
} from "./logger.js";

const levels = ["trace", "debug", "info", "warn", "error"] as const;
const variables = ["PERDURE_LOGGING", "PERDURE_LOG", "RESTATE_LOGGING"];

const context: LoggerContext = {
  invocationId: "inv_1x",
  invocationTarget: "Counter/a%d/add",
  serviceName: "Counter",
  handlerName: "add",
  key: "a%d",
};

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What the global console is given, by method. */
function consoleLines(): [string, ...unknown[]][] {
  const lines: [string, ...unknown[]][] = [];
  for (const method of levels) {
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => {
      lines.push([method, ...args]);
    });
  }
  return lines;
}

describe("the default transport", () => {
  function levelsWritten(): string[] {
    const lines = consoleLines();
    const log = createLogger();
    for (const level of levels) log[level]("hello");
    vi.restoreAllMocks();
    return lines.map(([method, text]) => {
      expect(method).toBe("error");
      return /^\S+Z (\w+) hello$/.exec(String(text))?.[1] ?? String(text);
    });
  }

  test("writes what the SDK says to stderr, from info on unless told otherwise", () => {
    for (const name of variables) vi.stubEnv(name, undefined);
    expect(levelsWritten()).toEqual(["INFO", "WARN", "ERROR"]);
  });

  test("takes its level from PERDURE_LOGGING, PERDURE_LOG, or RESTATE_LOGGING, in any case", () => {
    for (const name of variables) vi.stubEnv(name, undefined);
    vi.stubEnv("RESTATE_LOGGING", "ERROR");
    expect(levelsWritten()).toEqual(["ERROR"]);
    vi.stubEnv("PERDURE_LOG", "warn");
    expect(levelsWritten()).toEqual(["WARN", "ERROR"]);
    vi.stubEnv("PERDURE_LOGGING", "Trace");
    expect(levelsWritten()).toEqual(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]);
  });

  test("stays at info where the level is none", () => {
    vi.stubEnv("PERDURE_LOGGING", "loud");
    expect(levelsWritten()).toEqual(["INFO", "WARN", "ERROR"]);
  });

  test("names the invocation, and what else the context has", () => {
    const lines = consoleLines();
    const more = { ...context, additionalContext: { tenant: "t1" } };
    createLogger(defaultTransport("info")).warn("attempt failed", more);
    expect(lines).toEqual([
      [
        "error",
        expect.stringMatching(/Z WARN tenant=t1 Counter\/a%d\/add inv_1x: attempt failed$/),
      ],
    ]);
  });

  test("writes what handlers say by the console's own method, placeholders filled in", () => {
    const lines = consoleLines();
    const user = loggingConsole(
      defaultTransport("info"),
      () => context,
      () => false,
    );
    user.log("%d apples", 5);
    user.error({ a: 1 }, "b");
    user.debug("too quiet");
    expect(lines).toEqual([
      ["info", expect.stringMatching(/Z INFO Counter\/a%%d\/add inv_1x: %d apples$/), 5],
      ["error", expect.stringMatching(/Z ERROR Counter\/a%d\/add inv_1x:$/), { a: 1 }, "b"],
    ]);
  });

  test("leaves out what was said before the replay", () => {
    const lines = consoleLines();
    let replaying = true;
    const user = loggingConsole(
      defaultTransport("info"),
      () => context,
      () => replaying,
    );
    user.log("again");
    replaying = false;
    user.log("new");
    expect(lines).toHaveLength(1);
  });
});

describe("a transport of one's own", () => {
  function recording(): { transport: LoggerTransport; calls: [LogMetadata, ...unknown[]][] } {
    const calls: [LogMetadata, ...unknown[]][] = [];
    return {
      calls,
      transport: (metadata, ...rest: unknown[]) => void calls.push([metadata, ...rest]),
    };
  }

  test("gets everything, whatever its level, with source, context and whether it is a replay", () => {
    const { transport, calls } = recording();
    createLogger(transport).trace("quiet", context);
    loggingConsole(
      transport,
      () => context,
      () => true,
    ).warn("said", 1, 2);
    expect(calls).toEqual([
      [{ level: "trace", source: "SYSTEM", replaying: false, context }, "quiet"],
      [{ level: "warn", source: "USER", replaying: true, context }, "said", 1, 2],
    ]);
  });

  test("that throws does not disturb what the SDK does", () => {
    const log = createLogger(() => {
      throw new Error("disk full");
    });
    expect(() => {
      log.error("important");
    }).not.toThrow();
  });
});

test("other members of the console are the global one's, silent in a replay", () => {
  const table = vi.spyOn(console, "table").mockImplementation(() => undefined);
  let replaying = true;
  const user = loggingConsole(
    defaultTransport("info"),
    () => context,
    () => replaying,
  );
  user.table([1]);
  replaying = false;
  user.table([2]);
  expect(table.mock.calls).toEqual([[[2]]]);
});

import { afterEach, describe, expect, test, vi } from "vitest";
import { createLogger } from "./logger.js";

describe("the log", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  function linesOf(log: ReturnType<typeof createLogger>): string[] {
    const lines: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((line) => {
      lines.push(String(line));
      return true;
    });
    for (const level of ["trace", "debug", "info", "warn", "error"] as const) log[level]("hello");
    return lines.map((line) => /^\S+Z (\w+) hello\n$/.exec(line)?.[1] ?? line);
  }

  test("writes lines to stderr, from info on unless told otherwise", () => {
    vi.stubEnv("PERDURE_LOG", undefined);
    vi.stubEnv("RESTATE_LOGGING", undefined);
    expect(linesOf(createLogger())).toEqual(["INFO", "WARN", "ERROR"]);
  });

  test("takes its level from PERDURE_LOG, else from RESTATE_LOGGING, in any case", () => {
    vi.stubEnv("RESTATE_LOGGING", "ERROR");
    expect(linesOf(createLogger())).toEqual(["ERROR"]);
    vi.stubEnv("PERDURE_LOG", "debug");
    expect(linesOf(createLogger())).toEqual(["DEBUG", "INFO", "WARN", "ERROR"]);
  });

  test("stays at info where the level is none", () => {
    vi.stubEnv("PERDURE_LOG", "loud");
    expect(linesOf(createLogger())).toEqual(["INFO", "WARN", "ERROR"]);
  });
});

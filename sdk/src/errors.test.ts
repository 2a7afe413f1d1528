import { describe, expect, test } from "vitest";
import {
  CancelledError,
  isPauseError,
  isRetryableError,
  isTerminalError,
  PauseError,
  RestateError,
  RetryableError,
  TerminalError,
  TimeoutError,
} from "./errors.js";

describe("a pause error", () => {
  test("is no terminal and no retryable one, and is known by its name", () => {
    const error = PauseError.from(new Error("down"));
    expect(error).toMatchObject({ name: "PauseError", message: "down" });
    expect(error).toBeInstanceOf(PauseError);
    expect(isTerminalError(error)).toBe(false);
    expect(isRetryableError(error)).toBe(false);
    expect(isPauseError(error)).toBe(true);
    expect(isPauseError(Object.assign(new Error("x"), { name: "PauseError" }))).toBe(true);
    expect(isPauseError(new Error("PauseError"))).toBe(false);
  });
});

describe("a terminal error", () => {
  test("is a RestateError", () => {
    expect(new TerminalError("x")).toBeInstanceOf(RestateError);
    expect(new RestateError("x", { errorCode: 503 })).toMatchObject({
      name: "RestateError",
      code: 503,
    });
    expect(isTerminalError(new RestateError("x"))).toBe(false);
  });

  test("has code 500 unless given another, and carries metadata and a cause", () => {
    expect(new TerminalError("x")).toMatchObject({
      name: "TerminalError",
      message: "x",
      code: 500,
    });
    const cause = new Error("inner");
    const error = new TerminalError("x", { errorCode: 404, metadata: { a: "b" }, cause });
    expect(error).toMatchObject({ code: 404, metadata: { a: "b" }, cause });
    expect("cause" in new TerminalError("x")).toBe(false);
  });

  test("may be one of a time-out (408) or of a cancellation (409)", () => {
    expect(new TimeoutError()).toMatchObject({
      name: "TimeoutError",
      message: "Timeout occurred",
      code: 408,
    });
    expect(new CancelledError()).toMatchObject({
      name: "CancelledError",
      message: "Cancelled",
      code: 409,
    });
    for (const error of [new TimeoutError(), new CancelledError()]) {
      expect(error).toBeInstanceOf(TerminalError);
      expect(isTerminalError(error)).toBe(true);
    }
  });

  test("is known by its name where it comes of another copy of the SDK, and of an own class", () => {
    class Refused extends TerminalError {
      override readonly name = "Refused";
    }
    const foreign = Object.assign(new Error("x"), { name: "TimeoutError", code: 408 });
    expect(isTerminalError(foreign)).toBe(true);
    expect(isTerminalError(new Refused("x"))).toBe(true);
    expect(isTerminalError(new Error("TerminalError"))).toBe(false);
    expect(isTerminalError({ name: "TerminalError", code: 500 })).toBe(false);
    expect(isTerminalError(undefined)).toBe(false);
  });
});

describe("a retryable error", () => {
  test("can say when, and wrap another", () => {
    const inner = new Error("inner");
    const error = RetryableError.from(inner, { retryAfter: { seconds: 1 }, errorCode: 503 });
    expect(error).toMatchObject({
      name: "RetryableError",
      message: "inner",
      retryAfter: { seconds: 1 },
      code: 503,
      cause: inner,
    });
    expect(isRetryableError(error)).toBe(true);
    expect(isTerminalError(error)).toBe(false);
    expect(isRetryableError(inner)).toBe(false);
    expect(new RetryableError("x").retryAfter).toBeUndefined();
  });
});

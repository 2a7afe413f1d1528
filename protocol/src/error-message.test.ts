import { expect, test } from "vitest";
import { errorMessage } from "./error-message.js";

test.each([
  ["an error", new TypeError("no such file"), "no such file"],
  ["a text", "no such file", "no such file"],
  ["nothing", undefined, "undefined"],
  ["a symbol", Symbol("s"), "Symbol(s)"],
  ["what has no text", Object.create(null), "something was thrown that has no text"],
])("%s that was thrown says what it can", (_, thrown, message) => {
  expect(errorMessage(thrown)).toBe(message);
});

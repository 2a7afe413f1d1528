import { parseDuration } from "@perdure/protocol/duration";
import fc from "fast-check";
import { expect, test } from "vitest";
import { friendlyDuration } from "./friendly-duration.js";

test.each([
  [0, "0s"],
  [1, "1ms"],
  [500, "500ms"],
  [60_000, "1m"],
  [90_500, "1m 30s 500ms"],
  [86_400_000, "1d"],
  [14 * 86_400_000, "14d"],
])("%i ms is printed as %s", (ms, text) => {
  expect(friendlyDuration(ms)).toBe(text);
});

test("what is printed is read back as the same", () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 12 }), (ms) => {
      expect(parseDuration(friendlyDuration(ms))).toBe(ms);
    }),
  );
});

import { expect, test } from "vitest";
import { commonVersion } from "./versions.js";

test.each([
  [{ min: 1, max: 1 }, { min: 1, max: 1 }, 1],
  [{ min: 1, max: 3 }, { min: 2, max: 5 }, 3],
  [{ min: 2, max: 5 }, { min: 1, max: 3 }, 3],
  [{ min: 1, max: 2 }, { min: 3, max: 4 }, undefined],
  [{ min: 3, max: 4 }, { min: 1, max: 2 }, undefined],
])("%o and %o speak version %s with each other", (ours, theirs, version) => {
  expect(commonVersion(ours, theirs)).toBe(version);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAwakeableId, parseAwakeableId } from "./awakeable-id.js";
import { base62Of64, base62OfBigint, base62Width128 } from "./base62.js";
import { invocationIdOf } from "./ids.js";

const words = fc.integer({ min: 0, max: 0xffff_ffff });
const signals = fc.integer({ min: 17, max: 0xffff_ffff });
const uuids = fc
  .bigInt({ min: 0n, max: (1n << 128n) - 1n })
  .map((number) => base62OfBigint(number, base62Width128));

describe("an awakeable id", () => {
  test("reads back as the invocation and the signal that it stands for", () => {
    fc.assert(
      fc.property(words, words, uuids, signals, (high, low, uuid, signalId) => {
        const invocationId = invocationIdOf(base62Of64(high, low), uuid);
        const text = formatAwakeableId({ invocationId, signalId });

        expect(text).toHaveLength(45);
        expect(parseAwakeableId(text)).toEqual({ invocationId, signalId });
      }),
    );
  });

  test.each([
    "",
    "sign_1",
    `sign_2${"0".repeat(39)}`,
    `sign_1${"0".repeat(38)}`,
    `sign_1${"0".repeat(38)}-`,
  ])("%o is none", (text) => {
    expect(parseAwakeableId(text)).toBeUndefined();
  });

  test("names an invocation that can be", () => {
    expect(parseAwakeableId(`sign_1${"z".repeat(33)}000001`)).toBeUndefined();
  });

  test.each([0, 1, 16])("does not name signal %i, which is not for awakeables", (signalId) => {
    const invocationId = invocationIdOf(base62Of64(1, 2), "0".repeat(22));
    expect(parseAwakeableId(formatAwakeableId({ invocationId, signalId }))).toBeUndefined();
  });

  test("names a signal of 32 bits", () => {
    expect(parseAwakeableId(`sign_1${"0".repeat(33)}zzzzzz`)).toBeUndefined();
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { base62Of64, base62OfBigint, base62Width128 } from "./base62.js";
import {
  invocationIdOf,
  isInvocationId,
  partitionCount,
  partitionKeyOfInvocationId,
  partitionOfInvocationId,
  partitionOfKey,
  runIdOf,
  uuidOfInvocationId,
} from "./ids.js";

const words = fc.integer({ min: 0, max: 0xffff_ffff });
const uuids = fc
  .bigInt({ min: 0n, max: (1n << 128n) - 1n })
  .map((number) => base62OfBigint(number, base62Width128));

const key = base62Of64(0xdead_beef, 1);
const uuid = base62OfBigint(7n, base62Width128);

describe("an invocation id", () => {
  test("holds the partition key and the uuid that it was made of", () => {
    fc.assert(
      fc.property(words, words, uuids, (high, low, anyUuid) => {
        const partitionKey = base62Of64(high, low);
        const id = invocationIdOf(partitionKey, anyUuid);

        expect(isInvocationId(id)).toBe(true);
        expect(id).toHaveLength(38);
        expect(partitionKeyOfInvocationId(id)).toBe(partitionKey);
        expect(uuidOfInvocationId(id)).toBe(anyUuid);
      }),
    );
  });

  test("names the partition by the top bits of its partition key", () => {
    fc.assert(
      fc.property(words, words, (high, low) => {
        const id = invocationIdOf(base62Of64(high, low), uuid);

        expect(partitionOfInvocationId(id)).toBe(partitionOfKey(high));
        expect(partitionOfKey(high)).toBe(Math.floor(high / (0x1_0000_0000 / partitionCount)));
      }),
    );
  });

  test.each([
    ["", "nothing"],
    ["inv_2" + key + uuid, "another version"],
    ["inv_1" + key + uuid.slice(1), "a digit too few"],
    ["inv_1" + key + uuid + "0", "a digit too many"],
    ["inv_1" + key + uuid.slice(1) + "-", "what is no digit"],
    ["inv_1" + "z".repeat(11) + uuid, "a partition key of more than 64 bits"],
    ["inv_1" + key + "z".repeat(22), "a uuid of more than 128 bits"],
    ["INV_1" + key + uuid, "capitals"],
  ])("%o is none: %s", (text) => {
    expect(isInvocationId(text)).toBe(false);
  });
});

describe("a run id", () => {
  test("has 22 digits, fits 128 bits for centuries, and is the uuid of its invocation", () => {
    const year2800 = Date.UTC(2800, 0);
    const random = base62Of64(0xffff_ffff, 0xffff_ffff);
    const runId = runIdOf(year2800, 62 ** 3 - 1, random);

    expect(runId).toHaveLength(22);
    expect(isInvocationId(invocationIdOf(key, runId))).toBe(true);
  });

  test("sorts by time, then by counter", () => {
    const times = fc.integer({ min: 0, max: Date.UTC(2800, 0) });
    const counters = fc.nat(62 ** 3 - 1);
    fc.assert(
      fc.property(times, counters, times, counters, words, (time1, count1, time2, count2, low) => {
        const first = runIdOf(time1, count1, base62Of64(0, low));
        const second = runIdOf(time2, count2, base62Of64(0xffff_ffff, low));
        const isEarlier = time1 === time2 ? count1 <= count2 : time1 < time2;

        expect(first < second).toBe(isEarlier);
      }),
    );
  });
});

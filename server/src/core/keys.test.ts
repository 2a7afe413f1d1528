import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressOfOutboxKey,
  dueAfter,
  dueAtOfTimerKey,
  endOfPrefix,
  groupOfReadyKey,
  namedKey,
  objectKey,
  orderedNumber,
  outboxKey,
  readyKey,
  sequenceOfReadyKey,
  textKey,
  timerKey,
} from "./keys.js";

const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[\u0000\u0001\u0002a]*$/),
);
const numbers = fc.maxSafeNat();

describe("text in keys", () => {
  test("is made of bytes other than 0 and 255, a different one for each text", () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const key = textKey(a);

        expect(key).toMatch(/^[\u0001-\u00fe]*$/);
        expect(key === textKey(b)).toBe(a === b);
      }),
      { numRuns: 1_000 },
    );
  });

  test("stays itself where it is plain", () => {
    expect(textKey("order-17/ä".slice(0, 8))).toBe("order-17");
  });
});

describe("the rows of an object", () => {
  test("are all that begin with its key, and none of another object's", () => {
    fc.assert(
      fc.property(texts, texts, texts, (key, otherKey, name) => {
        const object = objectKey("Counter", key);
        const row = namedKey(objectKey("Counter", otherKey), name);

        expect(row >= object && row < endOfPrefix(object)).toBe(key === otherKey);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("numbers in keys", () => {
  test("sort as numbers do", () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expect(orderedNumber(a) < orderedNumber(b)).toBe(a < b);
      }),
    );
  });

  test("read back", () => {
    fc.assert(
      fc.property(texts, numbers, fc.nat(65_535), (text, number, partition) => {
        const group = `s:${textKey(text)}`;

        expect(groupOfReadyKey(readyKey(group, number))).toBe(group);
        expect(sequenceOfReadyKey(readyKey(group, number))).toBe(number);
        expect(addressOfOutboxKey(outboxKey(partition, number))).toEqual({
          to: partition,
          sequence: number,
        });
        expect(dueAtOfTimerKey(timerKey(number, "run", "sleep", 1))).toBe(number);
      }),
    );
  });
});

describe("the time at which something is due", () => {
  test("is a whole millisecond, never early, and never beyond what a number holds", () => {
    const times = fc.double({ min: 0, max: 4e12, noNaN: true });
    const delays = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(times, fc.oneof(delays, fc.nat().map(BigInt)), (now, delay) => {
        const due = dueAfter(now, delay);

        expect(Number.isSafeInteger(due)).toBe(true);
        expect(due >= now).toBe(true);
        if (delay < 1n << 50n) expect(due - now).toBeGreaterThanOrEqual(Number(delay) - 0.001);
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressOfOutboxKey,
  dueAfter,
  dueAtOfTimerKey,
  endOfPrefix,
  groupOfReadyKey,
  inboxKey,
  limitQueueKey,
  namedKey,
  objectKey,
  orderedNumber,
  outboxKey,
  queueOfInboxKey,
  readyKey,
  sequenceOfKey,
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

const names = fc.constantFrom("s", "s2", "a", "A", "s.a", "s-a", "Counter");

describe("the rows of an object in a scope", () => {
  test("are none of another scope's, nor of an object that is in none", () => {
    const scopes = fc.option(names, { nil: undefined });
    const object = fc.tuple(names, fc.oneof(texts, names), scopes);
    fc.assert(
      fc.property(object, object, texts, ([a, key, scope], [b, otherKey, otherScope], name) => {
        const prefix = objectKey(a, key, scope);
        const row = namedKey(objectKey(b, otherKey, otherScope), name);
        const isSame = a === b && key === otherKey && scope === otherScope;

        expect(row >= prefix && row < endOfPrefix(prefix)).toBe(isSame);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the queue of a limit key", () => {
  const limitKeys = fc.constantFrom("", "a", "a/x", "a-b", "a.b", "ab", "b");

  test("is found by its scope, and by nothing else", () => {
    fc.assert(
      fc.property(names, limitKeys, names, limitKeys, numbers, (a, key, b, otherKey, number) => {
        const row = inboxKey(limitQueueKey(b, otherKey), number);
        const isIn = (prefix: string): boolean => row >= prefix && row < endOfPrefix(prefix);

        expect(queueOfInboxKey(row)).toBe(limitQueueKey(b, otherKey));
        expect(isIn(limitQueueKey())).toBe(true);
        expect(isIn(limitQueueKey(a))).toBe(a === b);
        expect(isIn(limitQueueKey(a, key))).toBe(a === b && key === otherKey);
        expect(isIn(objectKey(a, key))).toBe(false);
        expect(isIn(objectKey(a, key, b))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test("and the inbox of an object are two", () => {
    fc.assert(
      fc.property(names, texts, fc.option(names, { nil: undefined }), numbers, (a, key, of, n) => {
        const row = inboxKey(objectKey(a, key, of), n);

        expect(queueOfInboxKey(row)).toBe(objectKey(a, key, of));
        expect(row >= limitQueueKey() && row < endOfPrefix(limitQueueKey())).toBe(false);
      }),
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
        expect(sequenceOfKey(readyKey(group, number))).toBe(number);
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

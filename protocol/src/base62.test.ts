import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  base62Of64,
  base62OfBigint,
  base62OfNumber,
  base62Width128,
  base62Width64,
  bigintOfBase62,
  isBase62,
} from "./base62.js";

const safeIntegers = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(10_000),
  fc.constant(Number.MAX_SAFE_INTEGER),
);
const words = fc.integer({ min: 0, max: 0xffff_ffff });
const width53 = 9;

describe("base62 text", () => {
  test("of a number reads back as the number", () => {
    fc.assert(
      fc.property(safeIntegers, (value) => {
        const text = base62OfNumber(value, width53);

        expect(text).toHaveLength(width53);
        expect(Number(bigintOfBase62(text))).toBe(value);
      }),
    );
  });

  test("of one width sorts as its numbers do", () => {
    fc.assert(
      fc.property(safeIntegers, safeIntegers, (a, b) => {
        const textA = base62OfNumber(a, width53);
        const textB = base62OfNumber(b, width53);

        expect(textA < textB).toBe(a < b);
        expect(textA === textB).toBe(a === b);
      }),
    );
  });

  test("of two 32-bit halves is that of the 64-bit number", () => {
    fc.assert(
      fc.property(words, words, (high, low) => {
        const whole = (BigInt(high) << 32n) | BigInt(low);

        expect(base62Of64(high, low)).toBe(base62OfBigint(whole, base62Width64));
      }),
    );
  });

  test("of a 128-bit number reads back as the number and sorts as it does", () => {
    const numbers = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [textA, textB] = [a, b].map((number) => base62OfBigint(number, base62Width128));

        expect(bigintOfBase62(textA ?? "")).toBe(a);
        expect((textA ?? "") < (textB ?? "")).toBe(a < b);
      }),
    );
  });

  test("is as wide as asked, and refuses a number that needs more digits", () => {
    expect(base62OfNumber(0, 3)).toBe("000");
    expect(base62OfNumber(61, 1)).toBe("z");
    expect(base62OfNumber(62 ** 3 - 1, 3)).toBe("zzz");
    expect(() => base62OfNumber(62 ** 3, 3)).toThrow("238328 has more than 3 base62 digits");
    expect(() => base62OfBigint(62n, 1)).toThrow("more than 1 base62 digits");
  });

  test("is told from other text", () => {
    expect(isBase62("09AZaz")).toBe(true);
    for (const text of ["", "a-b", "a b", "ä", "a\n"]) expect(isBase62(text)).toBe(false);
    expect(() => bigintOfBase62("a-")).toThrow('"-" is no base62 digit');
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBase58, toBase58 } from "./base58.js";

test("bytes come back as they were", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromBase58(toBase58(bytes))).toEqual(Uint8Array.from(bytes));
    }),
  );
});

test.each([
  ["", ""],
  ["Hello World!", "2NEpo7TZRRrLZSi2U"],
  [
    "The quick brown fox jumps over the lazy dog.",
    "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
  ],
])("%j is what others make of it", (text, encoded) => {
  expect(toBase58(new TextEncoder().encode(text))).toBe(encoded);
});

test("characters that are easily mixed up are none of it", () => {
  for (const text of ["0", "O", "I", "l", "a b", "é"]) expect(fromBase58(text)).toBeUndefined();
});

test("leading zero bytes are leading ones", () => {
  expect(toBase58(Uint8Array.of(0, 0, 0x28, 0x7f, 0xb4, 0xcd))).toBe("11233QC4");
});

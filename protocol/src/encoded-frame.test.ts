import fc from "fast-check";
import { expect, test } from "vitest";
import { EncodedFrame } from "./encoded-frame.js";

test("pieces of a frame are its parts, one behind the other, however they are cut", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 30 }), (given, pieceBytes) => {
      const frame = new EncodedFrame(given);
      const pieces: Uint8Array[] = [];
      expect(frame.isBegun).toBe(false);
      while (frame.left > 0) pieces.push(frame.take(Math.min(pieceBytes, frame.left)));
      expect(Buffer.concat(pieces)).toEqual(Buffer.concat(given));
      expect(frame.isBegun).toBe(frame.length > 0);
    }),
  );
});

test("a piece within a part is no copy", () => {
  const part = new Uint8Array(100);
  const frame = new EncodedFrame([new Uint8Array(10), part]);
  frame.take(20);
  expect(frame.take(30).buffer).toBe(part.buffer);
});

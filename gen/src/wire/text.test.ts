import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bufferText, portableText, type Text } from "./text.js";

type Globals = Parameters<typeof portableText>[0];

const globals = globalThis as unknown as Globals;
const ways: [string, Text | undefined][] = [
  ["Buffer", bufferText(globals)],
  ["TextEncoder and TextDecoder", portableText(globals)],
];

describe.each(ways)("text by %s", (_name, text) => {
  if (text === undefined) throw new Error("Node has both");
  const unit = fc.nat(0xffff).map((code) => String.fromCharCode(code));
  const texts = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit }), fc.string());

  it("is written as TextEncoder writes it", () => {
    fc.assert(
      fc.property(texts, (value) => {
        const expected = new TextEncoder().encode(value);
        const bytes = new Uint8Array(expected.length + 2).fill(0xee);
        expect(text.length(value)).toBe(expected.length);
        text.write(bytes, value, 1, expected.length);
        expect([...bytes]).toEqual([0xee, ...expected, 0xee]);
      }),
    );
  });

  it("is read as a strict TextDecoder reads it", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const read = (reading: () => string): string | undefined => {
      try {
        return reading();
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return undefined;
      }
    };
    const encoded = texts.map((value) => new TextEncoder().encode(value));
    fc.assert(
      fc.property(fc.oneof(encoded, fc.uint8Array()), (bytes) => {
        const all = Uint8Array.of(0xff, ...bytes, 0xff);
        expect(read(() => text.read(all, 1, 1 + bytes.length))).toBe(
          read(() => decoder.decode(bytes)),
        );
      }),
    );
  });
});

it("is left to the platform where there is no Buffer, or another one", () => {
  expect(bufferText({ ...globals, Buffer: undefined } as unknown as Globals)).toBeUndefined();
  const foreign = { prototype: {}, byteLength: (value: string) => value.length };
  expect(bufferText({ ...globals, Buffer: foreign })).toBeUndefined();
});

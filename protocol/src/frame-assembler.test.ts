import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameAssembler } from "./frame-assembler.js";
import { frameBytesMax, initialCreditBytes } from "./frame-limits.js";

const piece = new Uint8Array(frameBytesMax);

function assemblerOf(options: { poolBytes?: number; limited?: boolean } = {}) {
  const grants: [number, number][] = [];
  const assembler = new FrameAssembler({
    frameBytesMax: 20 * frameBytesMax,
    grant: (streamId, bytes) => grants.push([streamId, bytes]),
    ...(options.poolBytes === undefined ? {} : { poolBytes: options.poolBytes }),
  });
  assembler.limit(options.limited ?? true);
  return { assembler, grants };
}

describe("frames that come in pieces", () => {
  test("are put together, also where those of several attempts are mixed", () => {
    const { assembler } = assemblerOf();
    const bytes = (...given: number[]): Uint8Array => new Uint8Array(given);
    expect(assembler.take(1, bytes(1, 2), false)).toBeUndefined();
    expect(assembler.take(2, bytes(9), false)).toBeUndefined();
    expect(assembler.take(1, bytes(3), true)).toEqual({ kind: "frame", bytes: bytes(1, 2, 3) });
    expect(assembler.take(2, bytes(8), true)).toEqual({ kind: "frame", bytes: bytes(9, 8) });
    expect(assembler.bytes).toBe(0);
  });

  test("of any size come to the same frame; small ones are copied, so that a million of them weigh what they hold", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1 }), (lengths) => {
        const { assembler } = assemblerOf();
        const whole = lengths.flatMap((length, at) => Array<number>(length).fill(at % 256));
        let assembled: ReturnType<FrameAssembler["take"]>;
        for (const [at, length] of lengths.entries()) {
          const data = new Uint8Array(length).fill(at % 256);
          assembled = assembler.take(1, data, at === lengths.length - 1);
          if (length < 1_024) data.fill(255);
        }
        expect(assembled?.kind === "frame" && [...assembled.bytes]).toEqual(whole);
        expect(assembler.bytes).toBe(0);
      }),
    );
  });

  test("that are large are the frame that was sent, whether its length was told rightly or not", () => {
    const told = (length: number, bytes: Uint8Array): Uint8Array => {
      // One field, with a length in front of it.
      bytes.set([0x0a, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]);
      return bytes;
    };
    const numbered = Uint8Array.from({ length: 400_000 }, (_, at) => at % 251);
    for (const length of [400_000 - 4, 300_000, 1_000_000, 2 ** 27 - 1]) {
      const bytes = told(length, numbered.slice());
      const { assembler } = assemblerOf();
      for (let at = 0; at < bytes.length; at += frameBytesMax) {
        const data = bytes.subarray(at, at + frameBytesMax);
        const assembled = assembler.take(1, data, at + frameBytesMax >= bytes.length);
        if (at + frameBytesMax < bytes.length) continue;
        const frame = assembled?.kind === "frame" ? assembled.bytes : new Uint8Array();
        expect(Buffer.compare(frame, bytes)).toBe(0);
      }
      expect(assembler.bytes).toBe(0);
    }
  });

  test("are granted as they come, while there is room", () => {
    const { assembler, grants } = assemblerOf();
    assembler.take(1, piece, false);
    assembler.take(1, piece, false);
    assembler.take(1, piece.subarray(0, 10), true);
    expect(grants).toEqual([
      [1, frameBytesMax],
      [1, frameBytesMax],
      [1, 10],
    ]);
  });

  test("wait for credit where there is no room, but for the oldest; the next goes on when there is", () => {
    const { assembler, grants } = assemblerOf({ poolBytes: 2 * frameBytesMax });
    assembler.take(1, piece, false);
    assembler.take(2, piece, false);
    assembler.take(3, piece, false);
    assembler.take(2, piece, false);
    assembler.take(1, piece, false);
    expect(grants.map(([streamId]) => streamId)).toEqual([1, 2, 1]);
    assembler.take(1, piece, true);
    expect(grants.slice(3)).toEqual([
      [1, frameBytesMax],
      [2, frameBytesMax],
    ]);
    assembler.forget(2);
    expect(grants.at(-1)).toEqual([3, frameBytesMax]);
    expect(assembler.bytes).toBe(frameBytesMax);
  });

  test("are nobody's, and cost nothing, once they are larger than is taken", () => {
    const { assembler } = assemblerOf({ limited: false });
    for (let sent = 0; sent < 20; sent++) expect(assembler.take(1, piece, false)).toBeUndefined();
    expect(assembler.take(1, piece, false)).toEqual({
      kind: "tooLarge",
      bytes: 21 * frameBytesMax,
    });
    expect(assembler.take(1, piece, false)).toBeUndefined();
    expect(assembler.bytes).toBe(0);
    assembler.take(1, piece, true);
    expect(assembler.take(1, piece, true)?.kind).toBe("frame");
  });

  test("are dropped to their end where the attempt is over on this side", () => {
    const { assembler } = assemblerOf();
    assembler.take(1, piece, false);
    assembler.refuse(1);
    expect(assembler.bytes).toBe(0);
    expect(assembler.take(1, piece, true)).toBeUndefined();
    expect(assembler.take(1, piece, true)?.kind).toBe("frame");
  });

  test("that are more than was granted break the session", () => {
    const { assembler } = assemblerOf({ poolBytes: 0 });
    assembler.take(1, piece, false);
    for (let sent = 0; sent < initialCreditBytes; sent += frameBytesMax) {
      assembler.take(2, piece, false);
    }
    expect(() => assembler.take(2, piece, false)).toThrow("PDR2041");
  });

  test("are not held to a credit that the other side does not know", () => {
    const { assembler, grants } = assemblerOf({ poolBytes: 0, limited: false });
    for (let sent = 0; sent < 10; sent++) assembler.take(sent % 3, piece, false);
    expect(grants).toEqual([]);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { creditsFeature, fragmentsFeature, sessionFeatures } from "./features.js";
import { frameBytesMax, initialCreditBytes, messageBytesMax } from "./frame-limits.js";
import { FrameSender } from "./frame-sender.js";

/** A frame of the test: its number, and bytes that stand for its encoding. */
interface Frame {
  readonly streamId: number;
  readonly bytes: Uint8Array;
  readonly number?: number;
  readonly piece?: { readonly last: boolean };
}

class Wire {
  readonly messages: Frame[][] = [];
  room = Infinity;
  readonly sender = new FrameSender<Frame>({
    write: (frames) => {
      this.messages.push(frames);
      return --this.room > 0;
    },
    bytesOf: ({ bytes }) => bytes.length,
    // As a value between what is around it: pieces go across.
    encode: ({ bytes }) => [bytes.subarray(0, 50), bytes.subarray(50, -7), bytes.subarray(-7)],
    fragment: ({ streamId }, bytes, last) => ({ streamId, bytes, piece: { last } }),
  });
  #number = 0;

  constructor(features: readonly string[] = sessionFeatures) {
    this.sender.allow(features);
  }

  push(streamId: number, length: number): number {
    const number = ++this.#number;
    // Pieces tell where they are from.
    const bytes = new Uint8Array(length).fill(number);
    this.sender.push({ streamId, bytes, number });
    return number;
  }

  get frames(): Frame[] {
    return this.messages.flat();
  }

  /** What came for an attempt, whole: the numbers of its frames. */
  numbersOf(streamId: number): number[] {
    const numbers: number[] = [];
    for (const { streamId: of, piece, bytes, number } of this.frames) {
      if (of !== streamId) continue;
      if (piece === undefined) numbers.push(number!);
      else if (piece.last) numbers.push(bytes[0]!);
    }
    return numbers;
  }
}

describe("frames on their way out", () => {
  test("of one turn are one message", () => {
    const wire = new Wire();
    wire.push(1, 100);
    wire.push(2, 100);
    wire.push(1, 100);
    wire.sender.flush();
    wire.sender.flush();
    expect(wire.messages.map((frames) => frames.map(({ number }) => number))).toEqual([[1, 2, 3]]);
  });

  test("stay in order for each attempt, and messages below their limit, whatever is pushed when", () => {
    const action = fc.oneof(
      fc.record({
        streamId: fc.integer({ min: 0, max: 5 }),
        bytes: fc.oneof(fc.nat(2_000), fc.nat(400_000)),
      }),
      fc.constantFrom("flush" as const, "stuck" as const, "drained" as const),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const wire = new Wire([fragmentsFeature]);
        const expected = new Map<number, number[]>();
        for (const step of actions) {
          if (step === "flush") wire.sender.flush();
          else if (step === "stuck") wire.room = 1;
          else if (step === "drained") {
            wire.room = Infinity;
            wire.sender.drained();
          } else {
            const number = wire.push(step.streamId, step.bytes);
            expected.set(step.streamId, [...(expected.get(step.streamId) ?? []), number]);
          }
        }
        wire.room = Infinity;
        wire.sender.drained();
        expect(wire.sender.isEmpty).toBe(true);
        for (const [streamId, numbers] of expected) {
          expect(wire.numbersOf(streamId)).toEqual(numbers);
        }
        for (const frames of wire.messages) {
          const bytes = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
          expect(bytes).toBeLessThanOrEqual(messageBytesMax);
          expect(frames.length).toBeLessThanOrEqual(500);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("pass between the pieces of another's large frame", () => {
    const wire = new Wire([fragmentsFeature]);
    wire.room = 1;
    wire.push(1, 100 * frameBytesMax);
    wire.sender.flush();
    for (let streamId = 2; streamId < 30; streamId++) wire.push(streamId, 10);
    wire.room = 2;
    wire.sender.drained();
    expect(wire.frames.filter(({ number }) => number !== undefined)).toHaveLength(28);
    expect(wire.messages.flat().filter(({ piece }) => piece !== undefined).length).toBeLessThan(9);
  });

  test("take turns where all are large", () => {
    const wire = new Wire([fragmentsFeature]);
    for (const streamId of [1, 2, 3]) wire.push(streamId, 4 * frameBytesMax);
    wire.sender.flush();
    expect(wire.frames.map(({ streamId }) => streamId)).toEqual([
      1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3,
    ]);
  });

  test("wait for credit, and nobody else does", () => {
    const wire = new Wire();
    wire.push(1, 4 * initialCreditBytes);
    wire.push(1, 10);
    wire.push(2, 10);
    wire.sender.flush();
    const sentOf = (streamId: number): number =>
      wire.frames.reduce((sum, f) => sum + (f.streamId === streamId ? f.bytes.length : 0), 0);
    expect(sentOf(1)).toBe(initialCreditBytes);
    expect(wire.numbersOf(2)).toEqual([3]);
    wire.sender.credit(1, 1_000);
    expect(sentOf(1)).toBe(initialCreditBytes + 1_000);
    wire.sender.credit(1, 10 * initialCreditBytes);
    expect(wire.numbersOf(1)).toEqual([1, 2]);
    expect(wire.sender.isEmpty).toBe(true);
  });

  test("have a fresh credit where the attempt is another", () => {
    const wire = new Wire();
    wire.push(1, initialCreditBytes);
    wire.sender.finish(1);
    wire.sender.flush();
    wire.push(1, initialCreditBytes);
    wire.sender.flush();
    expect(wire.numbersOf(1)).toEqual([1, 2]);
  });

  test("are whole, however large, where the other side knows no fragments", () => {
    const wire = new Wire([creditsFeature]);
    wire.push(1, 10);
    wire.push(2, 10 * messageBytesMax);
    wire.push(3, 10);
    wire.sender.flush();
    expect(new Set(wire.frames.map(({ number }) => number))).toEqual(new Set([1, 2, 3]));
    expect(wire.frames).toHaveLength(3);
    expect(wire.frames.every(({ piece }) => piece === undefined)).toBe(true);
  });

  test("of an attempt that is over are dropped, and a part that has gone is told of", () => {
    const wire = new Wire();
    wire.push(1, 4 * initialCreditBytes);
    wire.push(2, 4 * initialCreditBytes);
    expect(wire.sender.forget(2)).toBe(false);
    wire.sender.flush();
    expect(wire.sender.forget(1)).toBe(true);
    expect(wire.sender.isEmpty).toBe(true);
    expect(wire.sender.forget(1)).toBe(false);
  });
});

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { CheckpointBatch, readBatch, type CheckpointOperation } from "./checkpoint-batch.js";

/** Tells where a byte is from. */
function numbered(length: number, from = 0): Uint8Array {
  const bytes = Buffer.alloc(
    length,
    Uint8Array.from({ length: 251 }, (_, at) => (at + from) % 251),
  );
  return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
}

/** As text: large bytes are compared quickly, and not shown where they differ. */
function tell(operations: Iterable<CheckpointOperation>): string[] {
  return [...operations].map((operation) => {
    const value = operation.kind === "put" ? operation.value : Buffer.alloc(0);
    const hash = createHash("sha256").update(value).digest("hex");
    return `${operation.kind} ${operation.key.toString()} ${String(value.length)} ${hash}`;
  });
}

function keyOf(text: string): Buffer {
  return Buffer.from(text);
}

test("a batch gives what was put into it, in order, whatever its size", () => {
  const batch = new CheckpointBatch();
  const expected: CheckpointOperation[] = [];
  // Twice: with memory of its own, and with what came back.
  for (let round = 0; round < 2; round++) {
    expected.length = 0;
    for (let at = 0; at < 40; at++) {
      const key = keyOf(`key ${String(at)}`);
      const value = Buffer.from(numbered(at * at * 100, at));
      batch.put(key, value);
      batch.delete(key);
      batch.deletePrefix(key);
      expected.push({ kind: "put", key, value }, { kind: "delete", key });
      expected.push({ kind: "deletePrefix", key });
    }
    const { byteLength } = batch;
    const pieces = batch.take();
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(byteLength);
    expect(tell(readBatch(pieces))).toEqual(tell(expected));
    expect(batch.byteLength).toBe(0);
    batch.reuse(pieces);
  }
});

test("a large value goes in step by step, and nothing that is there is copied again", () => {
  const batch = new CheckpointBatch();
  const parts = [numbered(10), numbered(3_000_000, 5), numbered(7)];
  batch.put(keyOf("a"), numbered(5));
  const steps = [...batch.putParts(keyOf("large"), parts)].length;
  batch.put(keyOf("z"), numbered(5));
  const pieces = batch.take();

  expect(steps).toBeGreaterThan(10);
  expect(pieces).toHaveLength(3);
  const [, large] = [...readBatch(pieces)];
  expect(tell([large!])).toEqual(
    tell([{ kind: "put", key: keyOf("large"), value: Buffer.concat(parts) }]),
  );
});

test("memory comes back to be used again, but for that of something extraordinary", () => {
  const batch = new CheckpointBatch();
  batch.put(keyOf("small"), numbered(5));
  batch.put(keyOf("large"), numbered(3_000_000));
  const [small, large] = batch.take();
  batch.reuse([small!, large!]);
  batch.put(keyOf("small"), numbered(9));
  batch.put(keyOf("large"), numbered(3_000_000));
  const [again, another] = batch.take();
  expect(again?.buffer).toBe(small?.buffer);
  expect(another?.buffer).not.toBe(large?.buffer);
});

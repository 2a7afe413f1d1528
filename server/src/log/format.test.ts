// The format on disk, byte by byte. A change that makes this fail needs a new format version and a
// way to read the old one: logs outlive releases.

import { crc32c } from "@node-rs/crc32";
import { describe, expect, test } from "vitest";
import { BatchEncoder, encodedBytes } from "./batch-encoder.js";
import type { LogRecord } from "./log.js";
import { checksumSeed, encodeSegmentHeader } from "./segment-header.js";

const header = {
  id: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  index: 0x1_0000_0002,
  firstPosition: 0x2_0000_0003,
  bytes: 0x100_0000,
  syncedPosition: 0x2_0000_0004,
  previousChecksum: 0xa1b2c3d4,
};

const record: LogRecord = {
  partition: 0xfffe,
  partitionPosition: 0x3_0000_0005,
  epoch: 0xf0000006,
  timeMs: 1_700_000_000_000.5,
  kind: 0x0708,
  behavior: 0x090a,
  producerKind: 2,
  producerId: 0x4_0000_000b,
  producerSequence: 0x5_0000_000c,
  flags: 1,
  body: Uint8Array.of(0xde, 0xad, 0xbe),
};

function encode(batch: readonly LogRecord[]): string[] {
  return linesOf(
    Buffer.concat(new BatchEncoder().encode(batch, encodedBytes(batch), placeOf()).pieces),
  );
}

function placeOf() {
  return {
    seed: checksumSeed(header),
    firstPosition: header.firstPosition,
    syncedPosition: header.firstPosition - 1,
    previousChecksum: header.previousChecksum,
  };
}

/** 8 bytes a line. */
function linesOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes).toString("hex").match(/.{16}/g) ?? [];
}

describe("format version 2", () => {
  test("computes a CRC over the segment's id and then the bytes in question", () => {
    const whole = Uint8Array.of(...header.id, 49, 50, 51);

    expect(crc32c(Uint8Array.of(49, 50, 51), checksumSeed(header))).toBe(crc32c(whole));
    expect(crc32c("123456789")).toBe(0xe3069283);
  });

  test("of a segment's header", () => {
    const page = encodeSegmentHeader(header);

    expect(page.length).toBe(4096);
    expect(linesOf(page.subarray(0, 72))).toEqual([
      "50455244554c4f47",
      "0200000000100000",
      "0102030405060708",
      "0200000001000000",
      "0300000002000000",
      "0000000100000000",
      "0400000002000000",
      "d4c3b2a100000000",
      "84310d2d00000000",
    ]);
    expect(page.subarray(72).every((byte) => byte === 0)).toBe(true);
  });

  test("of a batch", () => {
    expect(encode([record, { ...record, partitionPosition: 0x3_0000_0006 }])).toEqual([
      "506261748f228f56",
      "0200000090000000",
      "0300000002000000",
      "0200000002000000",
      "d4c3b2a15c5b2486",
      "29b1db8a03000000",
      "feff08070a090201",
      "060000f000000000",
      "0300000002000000",
      "0500000003000000",
      "00088056febc7842",
      "0b00000004000000",
      "0c00000005000000",
      "deadbe0000000000",
      "b9aba8bd03000000",
      "feff08070a090201",
      "060000f000000000",
      "0400000002000000",
      "0600000003000000",
      "00088056febc7842",
      "0b00000004000000",
      "0c00000005000000",
      "deadbe0000000000",
    ]);
  });

  test("of a record whose body lies in a file of its own", () => {
    const reference = {
      number: 0x6_0000_000d,
      bytes: 300_000,
      id: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1),
      checksum: 0xb1c2d3e4,
    };
    const more = [new Uint8Array(40_000)];

    expect(encode([{ ...record, more, stored: { reference } }])).toEqual([
      "50626174b1c4d533",
      "0100000058000000",
      "0300000002000000",
      "0200000002000000",
      "d4c3b2a1f5b2404e",
      "409bcff518000000",
      "feff08070a090203",
      "060000f000000000",
      "0300000002000000",
      "0500000003000000",
      "00088056febc7842",
      "0b00000004000000",
      "0c00000005000000",
      "0d00000006000000",
      "e0930400e4d3c2b1",
      "0807060504030201",
    ]);
  });

  test("of the note that a closed log ends in", () => {
    expect(encode([])).toEqual([
      "50626174c4dd3d99",
      "0000000000000000",
      "0300000002000000",
      "0200000002000000",
      "d4c3b2a1811f8946",
    ]);
  });
});

test("a body in parts is written as one in one piece, without a copy of what is large", () => {
  const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at % 251);
  const more = [numbered(100_003), numbered(7), numbered(40_000), numbered(32 * 1024), numbered(3)];
  const whole = { ...record, body: Buffer.concat([record.body, ...more]) };
  const parted = { ...record, more };
  for (const batch of [
    [parted],
    [record, parted, record, parted],
    [{ ...parted, more: [more[0]!] }],
  ]) {
    const inOne = batch.map((each) =>
      "more" in each ? { ...record, body: Buffer.concat([record.body, ...each.more]) } : each,
    );
    expect(encode(batch)).toEqual(encode(inOne));
  }
  const length = encodedBytes([parted]);
  expect(length).toBe(encodedBytes([whole]));
  const { pieces } = new BatchEncoder().encode([parted], length, placeOf());
  expect(pieces).toContain(more[0]);
  expect(pieces).toContain(more[3]);
});

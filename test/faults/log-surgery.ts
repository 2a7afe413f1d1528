// Where things lie in the files of an event log, for tests that damage them. Reads sizes alone and checks nothing: the logs
// that it gets are in order.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface BatchPlace {
  readonly offset: number;
  readonly end: number;
  /** Where its records begin. */
  readonly records: readonly number[];
}

const segmentHeaderBytes = 4096;
const batchHeaderBytes = 40;
const recordHeaderBytes = 64;
const batchMagic = 0x74616250;

/** Paths of the segments, oldest first. */
export function segmentsOf(dataDir: string): string[] {
  const log = path.join(dataDir, "shards/0/log");
  const names = readdirSync(log).filter((name) => name.startsWith("segment-"));
  return names.sort().map((name) => path.join(log, name));
}

export function batchesOf(segment: string): BatchPlace[] {
  const bytes = readFileSync(segment);
  const batches: BatchPlace[] = [];
  let offset = segmentHeaderBytes;
  while (offset + batchHeaderBytes <= bytes.length && bytes.readUInt32LE(offset) === batchMagic) {
    const count = bytes.readUInt32LE(offset + 8);
    const end = offset + batchHeaderBytes + bytes.readUInt32LE(offset + 12);
    const records: number[] = [];
    let record = offset + batchHeaderBytes;
    for (let index = 0; index < count; index++) {
      records.push(record);
      const length = recordHeaderBytes + bytes.readUInt32LE(record + 4);
      record += Math.ceil(length / 8) * 8;
    }
    batches.push({ offset, end, records });
    offset = end;
  }
  return batches;
}

/** Turns one bit. */
export function flipBit(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0x10, offset);
  writeFileSync(file, bytes);
}

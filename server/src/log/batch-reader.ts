// Reads batches back out of a segment's bytes and believes nothing: a batch is whole and exactly as
// it was written, or it is damaged.

import { crc32c } from "@node-rs/crc32";
import {
  aligned,
  alignment,
  batchField,
  batchHeaderBytes,
  batchMagic,
  recordField,
  recordHeaderBytes,
} from "./batch-format.js";
import type { PositionedRecord } from "./event-log.js";
import { getSafeInteger } from "./safe-integer.js";

/** The content of one segment and what its CRCs start from. */
export interface SegmentContent {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly seed: number;
}

export interface BatchHeader {
  readonly checksum: number;
  readonly recordCount: number;
  readonly firstPosition: number;
  readonly syncedPosition: number;
  readonly previousChecksum: number;
  readonly recordsChecksum: number;
  /** Where the batch ends. */
  readonly end: number;
}

const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(batchMagic);

export function segmentContent(bytes: Buffer, seed: number): SegmentContent {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), seed };
}

/** The header of the batch at `offset`, or undefined where no valid one is. */
export function readBatchHeader(segment: SegmentContent, offset: number): BatchHeader | undefined {
  const { view } = segment;
  if (offset + batchHeaderBytes > view.byteLength) return undefined;
  if (view.getUint32(offset + batchField.magic, true) !== batchMagic) return undefined;
  const checksum = view.getUint32(offset + batchField.checksum, true);
  const checkedStart = offset + batchField.recordCount;
  const checked = segment.bytes.subarray(checkedStart, offset + batchHeaderBytes);
  if (crc32c(checked, segment.seed) !== checksum) return undefined;
  const recordBytes = view.getUint32(offset + batchField.recordBytes, true);
  const end = offset + batchHeaderBytes + recordBytes;
  if (recordBytes % alignment !== 0) return undefined;
  if (end > view.byteLength) return undefined;
  return {
    checksum,
    recordCount: view.getUint32(offset + batchField.recordCount, true),
    firstPosition: getSafeInteger(view, offset + batchField.firstPosition),
    syncedPosition: getSafeInteger(view, offset + batchField.syncedPosition),
    previousChecksum: view.getUint32(offset + batchField.previousChecksum, true),
    recordsChecksum: view.getUint32(offset + batchField.recordsChecksum, true),
    end,
  };
}

/** The records of a batch whose header is valid, or undefined where they are not what was written. */
export function readRecords(
  segment: SegmentContent,
  header: BatchHeader,
  offset: number,
): readonly PositionedRecord[] | undefined {
  // Bounds the loop: no more records than there is room for, whatever the header says.
  const countMax = (header.end - offset - batchHeaderBytes) / recordHeaderBytes;
  if (header.recordCount > countMax) return undefined;
  const checksums = new Uint32Array(header.recordCount);
  const records: PositionedRecord[] = [];
  let start = offset + batchHeaderBytes;
  for (let index = 0; index < header.recordCount; index++) {
    const end = recordEnd(segment, start, header.end);
    if (end === undefined) return undefined;
    const checksum = segment.view.getUint32(start + recordField.checksum, true);
    if (crc32c(segment.bytes.subarray(start + 4, end), segment.seed) !== checksum) return undefined;
    const record = recordAt(segment, start);
    if (record.position !== header.firstPosition + index) return undefined;
    checksums[index] = checksum;
    records.push(record);
    start = end;
  }
  if (start !== header.end) return undefined;
  if (checksumOf(checksums, segment.seed) !== header.recordsChecksum) return undefined;
  return records;
}

/**
 * The highest position that a valid batch header at or after `offset` names as synced; -1 where
 * there is none. `above` is the first position that could not be read: a batch that followed it
 * starts higher.
 */
export function syncedPositionNamedAfter(
  segment: SegmentContent,
  offset: number,
  above: number,
): number {
  let highest = -1;
  let found = segment.bytes.indexOf(magicBytes, offset);
  while (found !== -1) {
    const header = found % alignment === 0 ? readBatchHeader(segment, found) : undefined;
    if (header !== undefined && header.firstPosition > above) {
      highest = Math.max(highest, header.syncedPosition);
    }
    found = segment.bytes.indexOf(magicBytes, found + 1);
  }
  return highest;
}

/**
 * How long the batch at `offset` says it is, whether or not it can be read; 0 where nothing there
 * looks like the batch that would start at `position`. For people; decides nothing.
 */
export function claimedBatchBytes(
  { view }: SegmentContent,
  offset: number,
  position: number,
): number {
  const room = view.byteLength - offset;
  if (room < batchHeaderBytes) return 0;
  if (view.getUint32(offset + batchField.magic, true) !== batchMagic) return 0;
  if (getSafeInteger(view, offset + batchField.firstPosition) !== position) return 0;
  return Math.min(room, batchHeaderBytes + view.getUint32(offset + batchField.recordBytes, true));
}

function recordEnd(segment: SegmentContent, start: number, batchEnd: number): number | undefined {
  if (start + recordHeaderBytes > batchEnd) return undefined;
  const bodyBytes = segment.view.getUint32(start + recordField.bodyBytes, true);
  const end = start + recordHeaderBytes + aligned(bodyBytes);
  return end > batchEnd ? undefined : end;
}

function recordAt({ bytes, view }: SegmentContent, start: number): PositionedRecord {
  const bodyStart = start + recordHeaderBytes;
  const bodyBytes = view.getUint32(start + recordField.bodyBytes, true);
  return {
    partition: view.getUint16(start + recordField.partition, true),
    partitionPosition: getSafeInteger(view, start + recordField.partitionPosition),
    epoch: view.getUint32(start + recordField.epoch, true),
    timeMs: view.getFloat64(start + recordField.timeMs, true),
    kind: view.getUint16(start + recordField.kind, true),
    behavior: view.getUint16(start + recordField.behavior, true),
    producerKind: view.getUint8(start + recordField.producerKind),
    producerId: getSafeInteger(view, start + recordField.producerId),
    producerSequence: getSafeInteger(view, start + recordField.producerSequence),
    flags: view.getUint8(start + recordField.flags),
    // A copy: who keeps a body must not keep the whole segment in memory with it.
    body: new Uint8Array(bytes.subarray(bodyStart, bodyStart + bodyBytes)),
    position: getSafeInteger(view, start + recordField.position),
  };
}

function checksumOf(checksums: Uint32Array, seed: number): number {
  const bytes = new Uint8Array(4 * checksums.length);
  const view = new DataView(bytes.buffer);
  checksums.forEach((checksum, index) => view.setUint32(4 * index, checksum, true));
  return crc32c(bytes, seed);
}

// Turns a batch of records into the bytes of one write. This is the hot path of the engine: one
// buffer is used again and again, nothing but two views per record is allocated.

import { crc32c } from "@node-rs/crc32";
import {
  aligned,
  batchField,
  batchHeaderBytes,
  batchMagic,
  recordField,
  recordHeaderBytes,
} from "./batch-format.js";
import type { LogRecord } from "./event-log.js";
import { setSafeInteger } from "./safe-integer.js";

export interface BatchPlace {
  /** Of the segment that the batch goes into. */
  readonly seed: number;
  readonly firstPosition: number;
  readonly syncedPosition: number;
  readonly previousChecksum: number;
}

export interface EncodedBatch {
  /** Valid until the next `encode`. */
  readonly bytes: Uint8Array;
  readonly checksum: number;
}

const initialBytes = 64 * 1024;
// A larger buffer is let go of after its batch, so that one huge batch does not cost memory for ever.
const keptBytesMax = 4 * 1024 * 1024;

/** How long a batch is on disk. */
export function encodedBytes(batch: readonly LogRecord[]): number {
  let bytes = batchHeaderBytes;
  for (const record of batch) bytes += recordHeaderBytes + aligned(record.body.length);
  return bytes;
}

export class BatchEncoder {
  #bytes = new Uint8Array(initialBytes);
  #view = new DataView(this.#bytes.buffer);
  #checksums = new Uint8Array(4 * 1024);
  #checksumsView = new DataView(this.#checksums.buffer);

  encode(batch: readonly LogRecord[], length: number, place: BatchPlace): EncodedBatch {
    this.#fit(batch.length, length);
    let offset = batchHeaderBytes;
    let position = place.firstPosition;
    let index = 0;
    for (const record of batch) {
      const end = this.#putRecord(record, offset, position);
      const checksum = crc32c(this.#bytes.subarray(offset + 4, end), place.seed);
      this.#view.setUint32(offset + recordField.checksum, checksum, true);
      this.#checksumsView.setUint32(index, checksum, true);
      offset = end;
      position += 1;
      index += 4;
    }
    const recordsChecksum = crc32c(this.#checksums.subarray(0, index), place.seed);
    const checksum = this.#putHeader(batch.length, offset, recordsChecksum, place);
    return { bytes: this.#bytes.subarray(0, offset), checksum };
  }

  #putHeader(count: number, end: number, recordsChecksum: number, place: BatchPlace): number {
    const view = this.#view;
    view.setUint32(batchField.magic, batchMagic, true);
    view.setUint32(batchField.recordCount, count, true);
    view.setUint32(batchField.recordBytes, end - batchHeaderBytes, true);
    setSafeInteger(view, batchField.firstPosition, place.firstPosition);
    setSafeInteger(view, batchField.syncedPosition, place.syncedPosition);
    view.setUint32(batchField.previousChecksum, place.previousChecksum, true);
    view.setUint32(batchField.recordsChecksum, recordsChecksum, true);
    const checked = this.#bytes.subarray(batchField.recordCount, batchHeaderBytes);
    const checksum = crc32c(checked, place.seed);
    view.setUint32(batchField.checksum, checksum, true);
    return checksum;
  }

  /** Everything of a record but its checksum; returns where the next one starts. */
  #putRecord(record: LogRecord, offset: number, position: number): number {
    const view = this.#view;
    const bodyBytes = record.body.length;
    view.setUint32(offset + recordField.bodyBytes, bodyBytes, true);
    view.setUint16(offset + recordField.partition, record.partition, true);
    view.setUint16(offset + recordField.kind, record.kind, true);
    view.setUint16(offset + recordField.behavior, record.behavior, true);
    view.setUint8(offset + recordField.producerKind, record.producerKind);
    view.setUint8(offset + recordField.flags, record.flags);
    view.setUint32(offset + recordField.epoch, record.epoch, true);
    view.setUint32(offset + recordField.reserved, 0, true);
    setSafeInteger(view, offset + recordField.position, position);
    setSafeInteger(view, offset + recordField.partitionPosition, record.partitionPosition);
    view.setFloat64(offset + recordField.timeMs, record.timeMs, true);
    setSafeInteger(view, offset + recordField.producerId, record.producerId);
    setSafeInteger(view, offset + recordField.producerSequence, record.producerSequence);
    const bodyStart = offset + recordHeaderBytes;
    this.#bytes.set(record.body, bodyStart);
    const end = bodyStart + aligned(bodyBytes);
    for (let padding = bodyStart + bodyBytes; padding < end; padding++) this.#bytes[padding] = 0;
    return end;
  }

  #fit(recordCount: number, length: number): void {
    if (this.#bytes.length < length || this.#bytes.length > keptBytesMax) {
      let wanted = initialBytes;
      while (wanted < length && wanted < keptBytesMax) wanted *= 2;
      this.#bytes = new Uint8Array(Math.max(wanted, length));
      this.#view = new DataView(this.#bytes.buffer);
    }
    if (this.#checksums.length < 4 * recordCount) {
      this.#checksums = new Uint8Array(8 * recordCount);
      this.#checksumsView = new DataView(this.#checksums.buffer);
    }
  }
}

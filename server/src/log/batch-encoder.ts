// Turns a batch of records into the bytes of one write. This is the hot path of the engine: one
// buffer is used again and again, nothing but two views per record is allocated. Large values stay
// where they are: then the batch is several pieces, one behind the other.

import { crc32c } from "@node-rs/crc32";
import { lengthOf } from "@perdure/protocol/bytes";
import {
  aligned,
  batchField,
  batchHeaderBytes,
  batchMagic,
  recordField,
  recordHeaderBytes,
} from "./batch-format.js";
import { bodyReferenceBytes, encodeBodyReference } from "./body-reference.js";
import { bodyApartFlag, type LogRecord } from "./event-log.js";
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
  readonly pieces: readonly Uint8Array[];
  readonly checksum: number;
}

const initialBytes = 64 * 1024;
// A larger buffer is let go of after its batch, so that one huge batch does not cost memory for ever.
const keptBytesMax = 4 * 1024 * 1024;
/** What is smaller is copied: a piece costs a write of its own. */
const apartBytes = 32 * 1024;

/** Of a body as it lies in the log. */
export function bodyBytes({ body, more = [], stored }: LogRecord): number {
  if (stored !== undefined) return bodyReferenceBytes;
  return body.length + lengthOf(more);
}

/** How long a batch is on disk. */
export function encodedBytes(batch: readonly LogRecord[]): number {
  let bytes = batchHeaderBytes;
  for (const record of batch) bytes += recordHeaderBytes + aligned(bodyBytes(record));
  return bytes;
}

/** A value that is a piece of its own. */
interface Apart {
  readonly value: Uint8Array;
  /** Where it is due in the buffer of all that is not. */
  readonly at: number;
}

export class BatchEncoder {
  #bytes = new Uint8Array(initialBytes);
  #view = new DataView(this.#bytes.buffer);
  #checksums = new Uint8Array(4 * 1024);
  #checksumsView = new DataView(this.#checksums.buffer);

  encode(batch: readonly LogRecord[], length: number, place: BatchPlace): EncodedBatch {
    this.#fit(batch.length, length - bytesApart(batch));
    const apart: Apart[] = [];
    let offset = batchHeaderBytes;
    let position = place.firstPosition;
    let index = 0;
    for (const record of batch) {
      const before = apart.length;
      const end = this.#putRecord(record, offset, position, apart);
      const checksum = this.#checksumOf(offset + 4, end, apart, before, place.seed);
      this.#view.setUint32(offset + recordField.checksum, checksum, true);
      this.#checksumsView.setUint32(index, checksum, true);
      offset = end;
      position += 1;
      index += 4;
    }
    const recordsChecksum = crc32c(this.#checksums.subarray(0, index), place.seed);
    const checksum = this.#putHeader(batch.length, length, recordsChecksum, place);
    return { pieces: this.#pieces(offset, apart), checksum };
  }

  #putHeader(count: number, length: number, recordsChecksum: number, place: BatchPlace): number {
    const view = this.#view;
    view.setUint32(batchField.magic, batchMagic, true);
    view.setUint32(batchField.recordCount, count, true);
    view.setUint32(batchField.recordBytes, length - batchHeaderBytes, true);
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
  #putRecord(record: LogRecord, offset: number, position: number, apart: Apart[]): number {
    const view = this.#view;
    const length = bodyBytes(record);
    view.setUint32(offset + recordField.bodyBytes, length, true);
    view.setUint16(offset + recordField.partition, record.partition, true);
    view.setUint16(offset + recordField.kind, record.kind, true);
    view.setUint16(offset + recordField.behavior, record.behavior, true);
    view.setUint8(offset + recordField.producerKind, record.producerKind);
    view.setUint8(offset + recordField.flags, flagsOf(record));
    view.setUint32(offset + recordField.epoch, record.epoch, true);
    view.setUint32(offset + recordField.reserved, 0, true);
    setSafeInteger(view, offset + recordField.position, position);
    setSafeInteger(view, offset + recordField.partitionPosition, record.partitionPosition);
    view.setFloat64(offset + recordField.timeMs, record.timeMs, true);
    setSafeInteger(view, offset + recordField.producerId, record.producerId);
    setSafeInteger(view, offset + recordField.producerSequence, record.producerSequence);
    let at = offset + recordHeaderBytes;
    const [body, more] = bodyOf(record);
    this.#bytes.set(body, at);
    at += body.length;
    for (const part of more) {
      if (part.length >= apartBytes) {
        apart.push({ value: part, at });
        continue;
      }
      this.#bytes.set(part, at);
      at += part.length;
    }
    const end = at + aligned(length) - length;
    while (at < end) this.#bytes[at++] = 0;
    return end;
  }

  /** Of a record, its values apart included: those from `first` on. */
  #checksumOf(from: number, to: number, apart: Apart[], first: number, seed: number): number {
    let checksum = seed;
    let at = from;
    for (let index = first; index < apart.length; index++) {
      const { value, at: due } = apart[index]!;
      if (due > at) checksum = crc32c(this.#bytes.subarray(at, due), checksum);
      checksum = crc32c(value, checksum);
      at = due;
    }
    return at < to ? crc32c(this.#bytes.subarray(at, to), checksum) : checksum;
  }

  #pieces(end: number, apart: readonly Apart[]): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let from = 0;
    for (const { value, at } of apart) {
      if (at > from) pieces.push(this.#bytes.subarray(from, at));
      pieces.push(value);
      from = at;
    }
    if (from < end) pieces.push(this.#bytes.subarray(from, end));
    return pieces;
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

function flagsOf({ flags, stored }: LogRecord): number {
  return stored === undefined ? flags : flags | bodyApartFlag;
}

const nothing: readonly Uint8Array[] = [];

/** The beginning of what lies in the log, and the rest of it. */
function bodyOf({ body, more, stored }: LogRecord): [Uint8Array, readonly Uint8Array[]] {
  return stored === undefined
    ? [body, more ?? nothing]
    : [encodeBodyReference(stored.reference), nothing];
}

function bytesApart(batch: readonly LogRecord[]): number {
  let bytes = 0;
  for (const record of batch) {
    if (record.more === undefined) continue;
    for (const part of bodyOf(record)[1]) if (part.length >= apartBytes) bytes += part.length;
  }
  return bytes;
}

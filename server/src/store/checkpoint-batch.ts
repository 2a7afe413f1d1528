// What one transaction of a checkpoint writes, as bytes: it is handed to another thread in a few pieces, and their memory
// comes back when it is written, to be used again. Else each checkpoint would leave megabytes to be collected, in two threads.
// operation: kind (1), key length (2), value length (4), key, value. It is within one piece: a large one has its own.

export type CheckpointOperation =
  | { readonly kind: "put"; readonly key: Buffer; readonly value: Uint8Array & Buffer }
  | { readonly kind: "delete"; readonly key: Buffer }
  /** Every row whose key begins with `key`. */
  | { readonly kind: "deletePrefix"; readonly key: Buffer };

/** Operations, one behind the other in each. */
export type BatchPieces = readonly Uint8Array<ArrayBuffer>[];

const kinds = ["put", "delete", "deletePrefix"] as const;
const headerBytes = 7;
const pieceBytes = 1024 * 1024;
/** The first piece of a batch that is mostly small grows up to a whole one. */
const initialBytes = 256 * 1024;
/** Of the pieces that are kept, to be used again. */
const keptMax = 4;
/** A larger value is copied in steps. */
const copiedBytes = 256 * 1024;

export class CheckpointBatch {
  /** Full ones, or such as were made for a single operation. */
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #current: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #length = 0;
  #byteLength = 0;
  #operationCount = 0;
  #kept: Buffer<ArrayBuffer>[] = [];

  get byteLength(): number {
    return this.#byteLength;
  }

  get operationCount(): number {
    return this.#operationCount;
  }

  put(key: Buffer, value: Uint8Array): void {
    const at = this.#head(0, key, value.length);
    this.#current.set(value, at);
  }

  /** A value in parts. Goes on with each step that is taken, where it is large. */
  *putParts(key: Buffer, parts: readonly Uint8Array[]): Generator<void> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    let at = this.#head(0, key, length);
    for (const part of parts) {
      for (let from = 0; from < part.length; from += copiedBytes) {
        const step = part.subarray(from, from + copiedBytes);
        this.#current.set(step, at);
        at += step.length;
        if (step.length === copiedBytes) yield;
      }
    }
  }

  delete(key: Buffer): void {
    this.#head(1, key, 0);
  }

  deletePrefix(key: Buffer): void {
    this.#head(2, key, 0);
  }

  /** Hands the bytes over; the batch is empty afterwards. */
  take(): BatchPieces {
    this.#close();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#byteLength = 0;
    this.#operationCount = 0;
    return pieces;
  }

  /** Takes back what was handed over, once it is written. */
  reuse(pieces: BatchPieces): void {
    for (const { buffer } of pieces) {
      if (buffer.byteLength > pieceBytes || this.#kept.length >= keptMax) continue;
      this.#kept.push(Buffer.from(buffer));
    }
    // The largest is taken first.
    this.#kept.sort((one, other) => one.length - other.length);
  }

  /** Returns where the value goes in `#current`. */
  #head(kind: number, key: Buffer, valueLength: number): number {
    const bytes = headerBytes + key.length + valueLength;
    this.#reserve(bytes);
    let at = this.#length;
    at = this.#current.writeUInt8(kind, at);
    at = this.#current.writeUInt16BE(key.length, at);
    at = this.#current.writeUInt32BE(valueLength, at);
    this.#current.set(key, at);
    this.#length += bytes;
    this.#byteLength += bytes;
    this.#operationCount++;
    return at + key.length;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#current.length) return;
    this.#close();
    const kept = bytes <= (this.#kept.at(-1)?.length ?? 0) ? this.#kept.pop() : undefined;
    const wanted = this.#pieces.length === 0 ? initialBytes : pieceBytes;
    this.#current = kept ?? Buffer.allocUnsafeSlow(Math.max(wanted, bytes));
  }

  #close(): void {
    if (this.#length > 0) this.#pieces.push(this.#current.subarray(0, this.#length));
    this.#current = Buffer.alloc(0);
    this.#length = 0;
  }
}

export function* readBatch(pieces: BatchPieces): Generator<CheckpointOperation> {
  for (const piece of pieces) yield* readPiece(piece);
}

function* readPiece(bytes: Uint8Array): Generator<CheckpointOperation> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < buffer.length) {
    const kind = kinds[buffer.readUInt8(at)];
    const keyLength = buffer.readUInt16BE(at + 1);
    const valueLength = buffer.readUInt32BE(at + 3);
    at += headerBytes;
    const key = buffer.subarray(at, at + keyLength);
    at += keyLength;
    if (kind === "put") yield { kind, key, value: buffer.subarray(at, at + valueLength) };
    else if (kind !== undefined) yield { kind, key };
    at += valueLength;
  }
}

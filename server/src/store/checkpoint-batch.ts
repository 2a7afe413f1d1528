// What one transaction of a checkpoint writes, as bytes: it is handed to another thread in one piece, and its memory
// comes back when it is written, to be used again. Else each checkpoint would leave megabytes to be collected, in two threads.
// operation: kind (1), key length (2), value length (4), key, value.

export type CheckpointOperation =
  | { readonly kind: "put"; readonly key: Buffer; readonly value: Uint8Array & Buffer }
  | { readonly kind: "delete"; readonly key: Buffer }
  /** Every row whose key begins with `key`. */
  | { readonly kind: "deletePrefix"; readonly key: Buffer };

const kinds = ["put", "delete", "deletePrefix"] as const;
const headerBytes = 7;
const initialBytes = 256 * 1024;
/** A larger one was made for something extraordinary, and is not kept. */
const keptBytesMax = 4 * 1024 * 1024;
const empty = new Uint8Array();

export class CheckpointBatch {
  /** Empty while the bytes are with the writer. */
  #bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(0);
  #length = 0;

  get byteLength(): number {
    return this.#length;
  }

  put(key: Buffer, value: Uint8Array): void {
    this.#add(0, key, value);
  }

  delete(key: Buffer): void {
    this.#add(1, key, empty);
  }

  deletePrefix(key: Buffer): void {
    this.#add(2, key, empty);
  }

  /** Hands the bytes over; the batch is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafeSlow(0);
    this.#length = 0;
    return bytes;
  }

  /** Takes back what was handed over, once it is written. */
  reuse({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (this.#length === 0 && buffer.byteLength <= keptBytesMax) this.#bytes = Buffer.from(buffer);
  }

  #add(kind: number, key: Buffer, value: Uint8Array): void {
    this.#reserve(headerBytes + key.length + value.length);
    let at = this.#length;
    at = this.#bytes.writeUInt8(kind, at);
    at = this.#bytes.writeUInt16BE(key.length, at);
    at = this.#bytes.writeUInt32BE(value.length, at);
    this.#bytes.set(key, at);
    this.#bytes.set(value, at + key.length);
    this.#length = at + key.length + value.length;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(initialBytes, this.#bytes.length * 2, this.#length + bytes),
    );
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

export function* readBatch(bytes: Uint8Array): Generator<CheckpointOperation> {
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

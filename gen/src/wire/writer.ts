// Writes the wire format of protobuf from its end to its start. So the length of a submessage is known when it is
// due: nothing is computed twice, moved, or copied into place. Every method writes a whole field: the value, then the
// tag in front of it.
//
// Messages are written one behind the other (in front of the other, that is) into a slab that they share, and handed
// out as views of it: no copy, and one allocation for many messages. A slab is never written twice.
//
// Large bytes may be left where they are: then the message is handed out as parts, some of which are those bytes.

import { text } from "./text.js";

export interface UnknownField {
  readonly no: number;
  readonly wireType: number;
  readonly data: Uint8Array;
}

const slabBytes = 64 * 1024;
/** From here on bytes are left where they are, if the message may have parts. */
const apartBytes = 32 * 1024;
/** Up to here a loop is faster than a call out of the engine. */
const shortText = 32;
const shortBytes = 32;
const uint64Max = 0xffff_ffff_ffff_ffffn;

const scratch = new Uint8Array(8);
const view = new DataView(scratch.buffer);

export class Writer {
  #bytes = new Uint8Array(slabBytes);
  /** Where the message ends. */
  #end = slabBytes;
  /** The first byte that is written. */
  #at = slabBytes;
  #parted = false;
  /** What is left where it is, from the last to the first, with how much was written behind it. */
  #apart: { readonly value: Uint8Array; readonly behind: number }[] = [];
  #bytesApart = 0;

  /**
   * Begins a message, and forgets one that was begun and failed.
   * @param parted  it may have parts: see `finishParts`
   */
  begin(parted = false): void {
    this.#at = this.#end;
    this.#parted = parted;
    if (this.#bytesApart === 0) return;
    this.#apart = [];
    this.#bytesApart = 0;
  }

  /** The bytes since `begin`, behind `head` bytes that are left free. They share memory with other messages. */
  finish(head: number): Uint8Array {
    const start = this.#reserve(head);
    const bytes = this.#bytes;
    const result = new Uint8Array(bytes.buffer, start, this.#end - start);
    // A slab that was grown for one large message goes with it.
    if (bytes.length > slabBytes) {
      this.#bytes = new Uint8Array(slabBytes);
      this.#end = slabBytes;
    } else {
      this.#end = start;
    }
    this.#at = this.#end;
    return result;
  }

  /** As `finish`, in parts. Some are the bytes that were to be written, which must not change before they are used. */
  finishParts(head: number): [Uint8Array, ...Uint8Array[]] {
    const apart = this.#apart;
    const rest = this.finish(head);
    if (apart.length === 0) return [rest];
    this.#apart = [];
    this.#bytesApart = 0;
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { value, behind } of apart.reverse()) {
      const to = rest.length - behind;
      parts.push(rest.subarray(from, to), value);
      from = to;
    }
    if (from < rest.length) parts.push(rest.subarray(from));
    return parts as [Uint8Array, ...Uint8Array[]];
  }

  /** Bytes of the message so far: to be remembered before a submessage is written. */
  mark(): number {
    return this.#end - this.#at + this.#bytesApart;
  }

  /** Makes a field of what was written since `mark`. */
  delimited(tag: number, mark: number): void {
    this.#varint(this.mark() - mark);
    this.#varint(tag);
  }

  /** @throws Error  not an unsigned 32-bit integer */
  uint32(tag: number, value: number): void {
    this.packed(value);
    this.#varint(tag);
  }

  /** @throws Error  not an unsigned 32-bit integer */
  packed(value: number): void {
    if (value >>> 0 !== value) throw new Error(`invalid uint32: ${String(value)}`);
    this.#varint(value);
  }

  /** @throws Error  not a 32-bit integer */
  int32(tag: number, value: number): void {
    if ((value | 0) !== value) throw new Error(`invalid int32: ${String(value)}`);
    if (value >= 0) this.#varint(value);
    else this.#varint64(BigInt.asUintN(64, BigInt(value)));
    this.#varint(tag);
  }

  bool(tag: number, value: boolean): void {
    this.#byte(value ? 1 : 0);
    this.#varint(tag);
  }

  /** @throws Error  not an unsigned 64-bit integer */
  uint64(tag: number, value: bigint): void {
    const number = Number(value);
    if (number >= 0 && number <= 0xffff_ffff) this.#varint(number);
    else this.#varint64(checked(value));
    this.#varint(tag);
  }

  /** @throws Error  not an unsigned 64-bit integer */
  fixed64(tag: number, value: bigint): void {
    view.setBigUint64(0, checked(value), true);
    this.#scratch(8);
    this.#varint(tag);
  }

  /** @throws Error  not an unsigned 32-bit integer */
  fixed32(tag: number, value: number): void {
    if (value >>> 0 !== value) throw new Error(`invalid fixed32: ${String(value)}`);
    view.setUint32(0, value, true);
    this.#scratch(4);
    this.#varint(tag);
  }

  double(tag: number, value: number): void {
    view.setFloat64(0, value, true);
    this.#scratch(8);
    this.#varint(tag);
  }

  /** @throws Error  not bytes: of what has no length, this message and all after it would come out empty */
  bytes(tag: number, value: Uint8Array): void {
    if (!isBytes(value)) throw new Error(`invalid bytes: ${typeof value}`);
    if (this.#parted && value.length >= apartBytes) {
      this.#apart.push({ value, behind: this.#end - this.#at });
      this.#bytesApart += value.length;
    } else {
      this.#raw(value);
    }
    this.#varint(value.length);
    this.#varint(tag);
  }

  /** @throws Error  not a string: what the code of users gives is not always what its type says */
  string(tag: number, value: string): void {
    if (typeof value !== "string") throw new Error(`invalid string: ${typeof value}`);
    const written = value.length > shortText ? this.#text(value) : this.#ascii(value);
    this.#varint(written);
    this.#varint(tag);
  }

  unknown(fields: readonly UnknownField[]): void {
    for (let index = fields.length - 1; index >= 0; index--) {
      const { no, wireType, data } = fields[index] as UnknownField;
      this.#raw(data);
      this.#varint(((no << 3) | wireType) >>> 0);
    }
  }

  #ascii(value: string): number {
    const { length } = value;
    const at = this.#reserve(length);
    const bytes = this.#bytes;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.#at = at + length;
        return this.#text(value);
      }
      bytes[at + index] = code;
    }
    return length;
  }

  #text(value: string): number {
    const length = text.length(value);
    const at = this.#reserve(length);
    text.write(this.#bytes, value, at, length);
    return length;
  }

  #raw(value: Uint8Array): void {
    const { length } = value;
    const at = this.#reserve(length);
    const bytes = this.#bytes;
    if (length > shortBytes) {
      bytes.set(value, at);
      return;
    }
    for (let index = 0; index < length; index++) bytes[at + index] = value[index] as number;
  }

  #scratch(length: number): void {
    const at = this.#reserve(length);
    const bytes = this.#bytes;
    for (let index = 0; index < length; index++) bytes[at + index] = scratch[index] as number;
  }

  #varint(value: number): void {
    if (value < 0x80) {
      this.#byte(value);
      return;
    }
    const length = value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
    let at = this.#reserve(length);
    const bytes = this.#bytes;
    while (value > 0x7f) {
      bytes[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    bytes[at] = value;
  }

  #varint64(value: bigint): void {
    view.setBigUint64(0, value, true);
    let low = view.getUint32(0, true);
    let high = view.getUint32(4, true);
    let length = 0;
    do {
      const seven = low & 0x7f;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
      varint64[length++] = seven | (low !== 0 || high !== 0 ? 0x80 : 0);
    } while (low !== 0 || high !== 0);
    const at = this.#reserve(length);
    for (let index = 0; index < length; index++)
      this.#bytes[at + index] = varint64[index] as number;
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  /** Makes room in front of what is written; where it begins. `#bytes` may be other ones afterwards. */
  #reserve(length: number): number {
    if (this.#at < length) this.#grow(length);
    return (this.#at -= length);
  }

  #grow(length: number): void {
    const written = this.#end - this.#at;
    const needed = written + length;
    // More than half a slab gets memory of its own. What lies in front of the message is never touched. Mostly it is one
    // large value, and little else.
    const grows = this.#bytes.length > slabBytes ? 1.5 : 1;
    const size = needed <= slabBytes / 2 ? slabBytes : slabBytes + Math.ceil(needed * grows);
    const grown = new Uint8Array(size);
    grown.set(this.#bytes.subarray(this.#at, this.#end), grown.length - written);
    this.#bytes = grown;
    this.#end = grown.length;
    this.#at = grown.length - written;
  }
}

const varint64 = new Uint8Array(10);

/** Also of another realm. */
function isBytes(value: unknown): boolean {
  return ArrayBuffer.isView(value) && (value as Uint8Array).BYTES_PER_ELEMENT === 1;
}

function checked(value: bigint): bigint {
  if (value < 0n || value > uint64Max) throw new Error(`invalid uint64: ${String(value)}`);
  return value;
}

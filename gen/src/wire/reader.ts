// Reads the wire format of protobuf, exactly as protobuf-es does, down to what it lets pass:
//   R1. A field is known by its number. Its wire type counts only where a repeated number may be packed.
//   R2. Reading past the end of the input throws. A submessage that is longer than what contains it is read on.
//   R3. Messages nest at most 100 deep, groups inside unknown fields included.
// Bytes are views of the input.

import { text } from "./text.js";
import type { UnknownField } from "./writer.js";

const depthMax = 100;
/** Up to here a loop is faster than a call out of the engine. */
const shortText = 20;

/** For the characters of a short text, by its length. */
const codesOf = Array.from({ length: shortText + 1 }, (_, length) => Array<number>(length).fill(0));

const scratch = new Uint8Array(8);
const view = new DataView(scratch.buffer);

export class Reader {
  /** Where the next byte is. */
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #length: number;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  /** A message begins that takes `length` bytes; where it ends. */
  enter(length: number, typeName: string): number {
    if (++this.#depth > depthMax) {
      throw new Error(
        `cannot decode message ${typeName} from binary: maximum recursion depth of ${String(depthMax)} reached`,
      );
    }
    return this.at + length;
  }

  leave(): void {
    this.#depth--;
  }

  tag(): number {
    const start = this.at;
    const first = this.#bytes[start] as number;
    const tag = this.uint32();
    if (first >= 0x80) {
      const read = this.at - start;
      if (read > 5 || (read === 5 && (this.#bytes[this.at - 1] as number) > 0x0f)) {
        throw new Error("illegal tag: varint overflows uint32");
      }
    }
    if (tag < 8 || (tag & 7) > 5) {
      throw new Error(`illegal tag: field no ${String(tag >>> 3)} wire type ${String(tag & 7)}`);
    }
    return tag;
  }

  uint32(): number {
    const bytes = this.#bytes;
    let at = this.at;
    let byte = bytes[at++] as number;
    let result = byte & 0x7f;
    if (byte >= 0x80) {
      byte = bytes[at++] as number;
      result |= (byte & 0x7f) << 7;
      if (byte >= 0x80) {
        byte = bytes[at++] as number;
        result |= (byte & 0x7f) << 14;
        if (byte >= 0x80) {
          byte = bytes[at++] as number;
          result |= (byte & 0x7f) << 21;
          if (byte >= 0x80) {
            byte = bytes[at++] as number;
            result = (result | ((byte & 0x0f) << 28)) >>> 0;
            // A number that was written with 64 bits: what is above 32 is cut off.
            for (let read = 5; byte >= 0x80 && read < 10; read++) byte = bytes[at++] as number;
            if (byte >= 0x80) throw new Error("invalid varint");
          }
        }
      }
    }
    this.#moveTo(at);
    return result;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    const byte = this.#bytes[this.at] as number;
    if (byte < 0x80) {
      this.at++;
      return byte !== 0;
    }
    return this.uint64() !== 0n;
  }

  uint64(): bigint {
    const bytes = this.#bytes;
    let at = this.at;
    let low = 0;
    let high = 0;
    let byte = 0x80;
    for (let shift = 0; shift < 28 && byte >= 0x80; shift += 7) {
      byte = bytes[at++] as number;
      low |= (byte & 0x7f) << shift;
    }
    if (byte >= 0x80) {
      byte = bytes[at++] as number;
      low |= (byte & 0x0f) << 28;
      high = (byte & 0x70) >> 4;
    }
    for (let shift = 3; shift <= 31 && byte >= 0x80; shift += 7) {
      byte = bytes[at++] as number;
      high |= (byte & 0x7f) << shift;
    }
    if (byte >= 0x80) throw new Error("invalid varint");
    this.#moveTo(at);
    if (high === 0) return BigInt(low >>> 0);
    view.setInt32(0, low, true);
    view.setInt32(4, high, true);
    return view.getBigUint64(0, true);
  }

  fixed32(): number {
    this.#toScratch(4);
    return view.getUint32(0, true);
  }

  fixed64(): bigint {
    this.#toScratch(8);
    return view.getBigUint64(0, true);
  }

  double(): number {
    this.#toScratch(8);
    return view.getFloat64(0, true);
  }

  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.at;
    this.#moveTo(start + length);
    return this.#bytes.subarray(start, start + length);
  }

  /** @throws TypeError  the bytes are no UTF-8 */
  string(): string {
    const length = this.uint32();
    const start = this.at;
    const end = start + length;
    this.#moveTo(end);
    if (length === 0) return "";
    const bytes = this.#bytes;
    if (length > shortText) return text.read(bytes, start, end);
    const codes = codesOf[length] as number[];
    for (let index = 0; index < length; index++) {
      const byte = bytes[start + index] as number;
      if (byte > 0x7f) return text.read(bytes, start, end);
      codes[index] = byte;
    }
    return String.fromCharCode.apply(String, codes);
  }

  /** Keeps a field that the message does not know. */
  unknown(message: { $unknown?: UnknownField[] | undefined }, tag: number): void {
    const no = tag >>> 3;
    const wireType = tag & 7;
    const start = this.at;
    this.#skip(no, wireType, depthMax - this.#depth);
    const field = { no, wireType, data: this.#bytes.subarray(start, this.at) };
    if (message.$unknown === undefined) message.$unknown = [field];
    else message.$unknown.push(field);
  }

  /** One entry of a map. What is neither key nor value is skipped. */
  entry<V>(map: Record<string, V>, zero: V, read: (reader: Reader) => V): void {
    const end = this.uint32() + this.at;
    let key = "";
    let value = zero;
    while (this.at < end) {
      const tag = this.tag();
      if (tag >>> 3 === 1) key = this.string();
      else if (tag >>> 3 === 2) value = read(this);
      else this.#skip(tag >>> 3, tag & 7, depthMax - this.#depth);
    }
    if (key !== "__proto__") map[key] = value;
    else
      Object.defineProperty(map, key, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
  }

  #skip(no: number, wireType: number, depthLeft: number): void {
    switch (wireType) {
      case 0:
        while ((this.#bytes[this.at++] as number) >= 0x80);
        break;
      case 1:
        this.at += 8;
        break;
      case 2:
        // Not `+=`: its left side would be read before the length is.
        this.at = this.uint32() + this.at;
        break;
      case 3:
        this.#skipGroup(no, depthLeft);
        break;
      case 5:
        this.at += 4;
        break;
      default:
        throw new Error(`cant skip wire type ${String(wireType)}`);
    }
    this.#moveTo(this.at);
  }

  #skipGroup(no: number, depthLeft: number): void {
    if (depthLeft <= 0) throw new Error("maximum recursion depth reached");
    for (let tag = this.tag(); ; tag = this.tag()) {
      if ((tag & 7) !== 4) {
        this.#skip(tag >>> 3, tag & 7, depthLeft - 1);
        continue;
      }
      if (tag >>> 3 !== no) throw new Error("invalid end group tag");
      return;
    }
  }

  #toScratch(length: number): void {
    const at = this.at;
    this.#moveTo(at + length);
    for (let index = 0; index < length; index++) scratch[index] = this.#bytes[at + index] as number;
  }

  #moveTo(at: number): void {
    this.at = at;
    if (at > this.#length) throw new RangeError("premature EOF");
  }
}

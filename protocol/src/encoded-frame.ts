// A large frame on its way out, piece by piece. It was encoded in parts, so that its values are not copied; a piece is a view
// of one of them, or a copy where it spans several.

import { joinBytes, lengthOf } from "./bytes.js";

export class EncodedFrame {
  readonly length: number;
  readonly #parts: readonly Uint8Array[];
  #left: number;
  /** The part that the next piece begins in, and where in it. */
  #index = 0;
  #at = 0;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
    this.#left = this.length = lengthOf(parts);
  }

  /** Bytes that have not gone. */
  get left(): number {
    return this.#left;
  }

  get isBegun(): boolean {
    return this.#left < this.length;
  }

  /** The next `length` bytes, of those that are left. */
  take(length: number): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let missing = length; missing > 0;) {
      const part = this.#parts[this.#index];
      if (part === undefined) break;
      const piece = part.subarray(this.#at, this.#at + missing);
      pieces.push(piece);
      missing -= piece.length;
      this.#at += piece.length;
      if (this.#at < part.length) continue;
      this.#index++;
      this.#at = 0;
    }
    this.#left -= length;
    return joinBytes(pieces);
  }
}

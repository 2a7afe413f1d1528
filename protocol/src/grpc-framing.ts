// gRPC's framing of messages on a stream: one byte of flags, four of length (big-endian), the message. What is read
// is handed out as views of what came, and copied only where a message spans several chunks.

import { joinBytes, lengthOf } from "./bytes.js";
import { messageBytesMax } from "./frame-limits.js";

/** In front of every message. */
export const grpcHeadBytes = 5;

/** Says the length in the head that was left free in front of a message, or of the first of its parts. */
export function writeGrpcHead(framed: Uint8Array, more: readonly Uint8Array[] = []): void {
  const length = framed.length - grpcHeadBytes + lengthOf(more);
  framed[0] = 0;
  framed[1] = length >>> 24;
  framed[2] = length >>> 16;
  framed[3] = length >>> 8;
  framed[4] = length;
}

/** What messages are written to: an HTTP/2 stream of Node, as far as it matters here. */
export interface MessageStream {
  readonly writableNeedDrain: boolean;
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
  write(bytes: Uint8Array): unknown;
}

/**
 * Writes one message.
 * @param parts  of it, the first behind the room for the head
 * @returns false where the other side takes less than it gets: nothing more until the stream says `drain`
 */
export function writeGrpcMessage(
  stream: MessageStream,
  [framed, ...more]: readonly [Uint8Array, ...Uint8Array[]],
): boolean {
  writeGrpcHead(framed, more);
  if (more.length > 0) stream.cork();
  stream.write(framed);
  for (const part of more) stream.write(part);
  if (more.length > 0) stream.uncork();
  return !stream.writableNeedDrain || stream.writableLength < messageBytesMax;
}

/** What came is no stream of messages, or more than is taken. */
export class GrpcFramingError extends Error {
  override readonly name = "GrpcFramingError";
  readonly code = "PDR2041";

  constructor(what: string) {
    super(`PDR2041: the session's stream can't be read: ${what}`);
  }
}

export class GrpcReader {
  readonly #bytesMax: () => number;
  readonly #onMessage: (message: Uint8Array) => void;
  readonly #head = new Uint8Array(grpcHeadBytes);
  #headBytes = 0;
  /** What the message lacks that spans chunks, and what came of it. */
  #missing = 0;
  #pieces: Uint8Array[] = [];

  /** @param bytesMax  the largest message that is taken, asked at the beginning of each */
  constructor(bytesMax: () => number, onMessage: (message: Uint8Array) => void) {
    this.#bytesMax = bytesMax;
    this.#onMessage = onMessage;
  }

  /** @throws GrpcFramingError */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing > 0) at = this.#takePiece(chunk, at);
      else if (this.#headBytes > 0 || chunk.length - at < grpcHeadBytes)
        at = this.#takeHead(chunk, at);
      else at = this.#begin(chunk, at + grpcHeadBytes, this.#lengthAt(chunk, at));
    }
  }

  /** Whether a message has begun to come and is not whole. */
  get isWithinMessage(): boolean {
    return this.#missing > 0 || this.#headBytes > 0;
  }

  #takeHead(chunk: Uint8Array, from: number): number {
    let at = from;
    while (this.#headBytes < grpcHeadBytes && at < chunk.length) {
      this.#head[this.#headBytes++] = chunk[at++]!;
    }
    if (this.#headBytes < grpcHeadBytes) return at;
    this.#headBytes = 0;
    return this.#begin(chunk, at, this.#lengthAt(this.#head, 0));
  }

  /** @throws GrpcFramingError */
  #lengthAt(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== 0) {
      throw new GrpcFramingError("a message is compressed, which nobody asked for, or is none");
    }
    const length =
      bytes[at + 1]! * 0x1_00_00_00 +
      ((bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!);
    const bytesMax = this.#bytesMax();
    if (length <= bytesMax) return length;
    throw new GrpcFramingError(
      `a message has ${String(length)} bytes, more than the ${String(bytesMax)} that are taken`,
    );
  }

  #begin(chunk: Uint8Array, from: number, length: number): number {
    const end = from + length;
    if (end <= chunk.length) {
      this.#onMessage(chunk.subarray(from, end));
      return end;
    }
    this.#missing = length;
    return this.#takePiece(chunk, from);
  }

  #takePiece(chunk: Uint8Array, from: number): number {
    const end = Math.min(chunk.length, from + this.#missing);
    if (end > from) this.#pieces.push(chunk.subarray(from, end));
    this.#missing -= end - from;
    if (this.#missing > 0) return end;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#onMessage(joinBytes(pieces));
    return end;
  }
}

// The frames of gRPC and gRPC-Web: one byte of flags, four of length, the message. A unary request is exactly one.

import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";

export const frameHeadBytes = 5;
export const compressedFlag = 0x01;
/** Of gRPC-Web: the frame holds trailers. */
export const trailersFlag = 0x80;

export interface Message {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

/**
 * The one message of a request's body.
 * @throws HttpError  PDR3036
 */
export function messageOfFrame(body: Uint8Array): Message {
  if (body.byteLength < frameHeadBytes) {
    throw badFrame(
      body.byteLength === 0
        ? "the request has no message"
        : `a frame begins with ${frameHeadBytes} bytes, the request has ${body.byteLength}`,
    );
  }
  const flags = body[0] ?? 0;
  if (flags > compressedFlag) throw badFrame(`a frame of a request can't have flags ${flags}`);
  const length = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(1);
  const there = body.byteLength - frameHeadBytes;
  if (length > there) throw badFrame(`the message announces ${length} bytes and has ${there}`);
  if (length < there) {
    throw badFrame(`there are ${there - length} bytes after the message: send one message alone`);
  }
  return { bytes: body.subarray(frameHeadBytes), isCompressed: flags === compressedFlag };
}

/** A frame around `bytes`, at the start of a buffer that has `room` more bytes after it. */
export function frameOf(flags: number, bytes: Uint8Array, room = 0): Buffer {
  const frame = Buffer.allocUnsafe(frameHeadBytes + bytes.byteLength + room);
  frame[0] = flags;
  frame.writeUInt32BE(bytes.byteLength, 1);
  frame.set(bytes, frameHeadBytes);
  return frame;
}

function badFrame(why: string): HttpError {
  return new HttpError(ingressErrors.badMessage, `malformed request: ${why}`);
}

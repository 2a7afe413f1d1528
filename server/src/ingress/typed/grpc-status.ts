// How a call ended, as gRPC and gRPC-Web say it: grpc-status, grpc-message, grpc-status-details-bin, and the metadata
// of an error beside them.

import { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import { isGzip } from "./compression.js";
import type { Message } from "./frames.js";
import { messageOfFrame } from "./frames.js";
import type { RpcHead } from "./rpc-head.js";

/**
 * What trailers of HTTP/2 may take up: clients take 8 KiB of headers and more, and a connection ends by headers that
 * are too large.
 */
const messageBytesMax = 1_024;
const detailsLengthMax = 4 * 1_024;

/**
 * Names and values of an error's trailers.
 * @param isBounded  they travel as headers: a message that is too long is cut off, details that are too large are left
 *   out, and the invocation's status has both
 */
export function trailersOf(
  error: ConnectError,
  isBounded: boolean,
): [name: string, value: string][] {
  // Bytes, because what is no Unicode can't be encoded in any other way.
  const whole = Buffer.from(error.rawMessage);
  const isCut = isBounded && whole.byteLength > messageBytesMax;
  const message = isCut ? Buffer.from(`${cutOff(whole)}…`) : whole;
  const told = new ConnectError(whole.toString(), error.code, error.metadata);
  told.details = error.details;
  const trailers = setTrailerStatus(new Headers(), told);
  trailers.set("grpc-message", percentEncoded(message));
  if (isBounded && (trailers.get(detailsName)?.length ?? 0) > detailsLengthMax) {
    trailers.delete(detailsName);
  }
  return [...trailers];
}

const detailsName = "grpc-status-details-bin";

/** The first bytes, without half a character. */
function cutOff(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, messageBytesMax), { stream: true });
}

/**
 * As gRPC has it: printable ASCII stands for itself. Clients that undo no more than that (grpc-js) would show the
 * escapes of a URL component.
 */
function percentEncoded(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/**
 * The one message of a framed request.
 * @throws HttpError  PDR3035, PDR3036
 */
export function framedMessageOf(body: Uint8Array, { encoding }: RpcHead): Message {
  const message = messageOfFrame(body);
  if (!message.isCompressed || isGzip(encoding)) return message;
  throw new HttpError(
    ingressErrors.badMessage,
    'malformed request: its message is compressed, but no header "grpc-encoding" says how',
  );
}

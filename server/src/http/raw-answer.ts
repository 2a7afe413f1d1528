// Answers to what never became a request: written to the connection as they are, which is closed behind them.

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { portErrors, type HttpErrorKind } from "./error-codes.js";

/** How long a client may go on sending after its answer, before it is cut off. */
const lingerMs = 1_000;

/** The bytes of an answer of HTTP/1.1 with the body that all errors have. */
export function rawAnswer(
  { code, status }: HttpErrorKind,
  message: string,
  retryAfterSeconds?: number,
): string {
  const body = errorBody({ code, status }, message);
  const lines = [
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ""}`,
    "content-type: application/json",
    `content-length: ${String(Buffer.byteLength(body))}`,
    ...(retryAfterSeconds === undefined ? [] : [`retry-after: ${String(retryAfterSeconds)}`]),
    "connection: close",
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

export function errorBody({ code, status }: HttpErrorKind, message: string): string {
  return JSON.stringify({ code: status, message, errorCode: code });
}

interface ParserError extends Error {
  readonly code?: string;
  readonly reason?: string;
  readonly rawPacket?: Uint8Array;
}

const answered = new WeakSet<Socket>();

/** What node's parser does not take for a request of HTTP/1.1, or does not wait for any longer. */
export function refuseUnreadable(error: ParserError, socket: Socket): void {
  // Whatever else comes on this connection is of no interest.
  if (answered.has(socket)) return;
  answered.add(socket);
  // Behind a request that has no answer yet, ours would be taken for it.
  const { _httpMessage: before } = socket as { readonly _httpMessage?: object | null };
  const isBehindAnother = before !== undefined && before !== null;
  if (error.code === "ECONNRESET" || !socket.writable || isBehindAnother) {
    socket.destroy();
    return;
  }
  const [kind, message] = refusalOf(error);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
  socket.on("error", () => undefined);
  socket.end(rawAnswer(kind, message));
}

function refusalOf(error: ParserError): readonly [HttpErrorKind, string] {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      return isInFirstLine(error.rawPacket) ? tooLongPath : tooManyHeaders;
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return [portErrors.unreadable, "the chunk extensions of the request are too long"];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return [portErrors.tooSlow, "the request did not arrive in time"];
    default:
      return [
        portErrors.unreadable,
        `this is no request of HTTP: ${error.reason ?? error.message}`,
      ];
  }
}

export const headBytesMax: number = 16 * 1024;
export const headersMax = 256;

const tooManyHeaders = [
  portErrors.headersTooLarge,
  `a request's path and headers may have ${String(headBytesMax)} bytes together, and there may be ${String(headersMax)} headers`,
] as const;
const tooLongPath = [
  portErrors.pathTooLong,
  `a request's path and query may have ${String(headBytesMax)} bytes; send large values in the body`,
] as const;

/** What is too long was its path, if its line has not ended by then. */
function isInFirstLine(packet: Uint8Array | undefined): boolean {
  if (packet === undefined || packet.length < headBytesMax) return false;
  return !packet.subarray(0, headBytesMax).includes(0x0a);
}

/** A head that is well-formed, and too large all the same. */
export function excessOfHead(
  url: string,
  rawHeaders: readonly string[],
): readonly [HttpErrorKind, string] | undefined {
  if (url.length > headBytesMax) return tooLongPath;
  return rawHeaders.length > 2 * headersMax ? tooManyHeaders : undefined;
}

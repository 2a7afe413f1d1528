// Requests and responses as both of node's HTTP servers make them (HTTP/1.1 and HTTP/2 alike), and
// the one way to answer.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Answers one request. Must not throw. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

/**
 * Whether nobody is there to read an answer any more. A response of HTTP/2 does not say it itself in node: it has no
 * `destroyed`.
 */
export function isGone(response: HttpResponse): boolean {
  return "stream" in response ? response.stream.destroyed : response.destroyed;
}

/**
 * Answers with one head and one body. Does nothing where the client is gone or has its answer.
 * @param headers  names (lower case) and values in turn; `content-length` is added to the array
 */
export function respond(
  response: HttpResponse,
  status: number,
  headers: string[],
  body: Uint8Array | string,
): void {
  if (response.headersSent || isGone(response)) return;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  headers.push("content-length", String(length));
  // The two classes take the same arguments; only their declared overloads differ.
  (response as ServerResponse).writeHead(status, headers);
  if (length === 0) response.end();
  else if (typeof body !== "string" && length > pieceBytes) writePieces(response, body);
  else if (length > mergedBytesMax) (response as ServerResponse).end(body);
  else (response as ServerResponse).end(...mergeable(body));
}

/** A small body travels with its head in one write, if it is text: node joins text, not bytes. */
const mergedBytesMax = 2_048;

/** A large body goes out so much at a time: in between others have their turn. */
const pieceBytes = 256 * 1024;

function writePieces(response: HttpResponse, body: Uint8Array): void {
  const out = response as ServerResponse;
  let at = 0;
  const next = (): void => {
    if (isGone(response)) return;
    const piece = body.subarray(at, (at += pieceBytes));
    if (at >= body.length) out.end(piece);
    else if (out.write(piece)) setImmediate(next);
    else out.once("drain", next);
  };
  next();
}

function mergeable(body: Uint8Array | string): [string, BufferEncoding] {
  if (typeof body === "string") return [body, "utf8"];
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return [bytes.toString("latin1"), "latin1"];
}

/**
 * The status with which a failure of `code` travels, so that its body always arrives: a status that
 * carries no body (1xx, 204, 205, 304), that means success (2xx) or that HTTP/2 in node can't send
 * (600 and above) becomes 500. The body holds the code itself.
 */
export function statusOfFailure(code: number, httpVersionMajor: number): number {
  const max = httpVersionMajor === 1 ? 999 : 599;
  return code >= 300 && code <= max && code !== 304 && Number.isInteger(code) ? code : 500;
}

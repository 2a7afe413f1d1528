// Reads one HTTP/1.1 response from bytes: status, body by content-length or chunks, keep-alive.
//   R1. Bytes from `end` on are never looked at as content (the read buffer is reused and holds old bytes there).
//   R2. A response that is not complete yet is `undefined`; what can never become one is an error.
// Not here: compression, upgrades, bodies that end with the connection. The benchmark's peers send none.

export interface HttpResponse {
  readonly status: number;
  /** The body, one character per byte (latin1): enough to compare ASCII answers, and cheap. */
  readonly body: string;
  /** Offset of the first byte after this response. */
  readonly end: number;
  /** False when the server closes the connection after this response. */
  readonly keepAlive: boolean;
}

export class MalformedResponseError extends Error {
  override readonly name = "MalformedResponseError";
}

const contentLengthPattern = /\r\ncontent-length:[ \t]*(\d+)/i;
const chunkedPattern = /\r\ntransfer-encoding:[^\r]*chunked/i;
const closePattern = /\r\nconnection:[ \t]*close/i;
const chunkSizePattern = /^([0-9a-f]+)[ \t]*(?:;|$)/i;
const headLengthMax = 64 * 1024;

/**
 * Parse the response that starts at `start`.
 *
 * @param end  offset after the last byte received so far
 * @returns undefined while the response is incomplete
 * @throws MalformedResponseError  the bytes are not an HTTP/1.1 response with a known length
 */
export function parseResponse(
  buffer: Buffer,
  start: number,
  end: number,
): HttpResponse | undefined {
  const headEnd = indexBefore(buffer, "\r\n\r\n", start, end);
  if (headEnd < 0) {
    if (end - start > headLengthMax) throw new MalformedResponseError("response head too long");
    return undefined;
  }
  const head = buffer.toString("latin1", start, headEnd);
  const status = statusOf(head);
  const bodyStart = headEnd + 4;
  if (status < 200) return parseResponse(buffer, bodyStart, end);
  const keepAlive = !closePattern.test(head);
  if (status === 204 || status === 304) return { status, body: "", end: bodyStart, keepAlive };

  const length = contentLengthPattern.exec(head);
  if (length) {
    const bodyEnd = bodyStart + Number(length[1]);
    if (bodyEnd > end) return undefined;
    const body = buffer.toString("latin1", bodyStart, bodyEnd);
    return { status, body, end: bodyEnd, keepAlive };
  }
  if (!chunkedPattern.test(head)) {
    throw new MalformedResponseError(`response with neither length nor chunks: ${head}`);
  }
  const chunks = parseChunks(buffer, bodyStart, end);
  return chunks && { status, body: chunks.body, end: chunks.end, keepAlive };
}

function statusOf(head: string): number {
  const status = head.startsWith("HTTP/1.1 ") ? Number(head.slice(9, 12)) : Number.NaN;
  if (!(status >= 100 && status <= 999)) {
    throw new MalformedResponseError(`not an HTTP/1.1 response: ${head.slice(0, 60)}`);
  }
  return status;
}

function parseChunks(
  buffer: Buffer,
  start: number,
  end: number,
): { readonly body: string; readonly end: number } | undefined {
  let body = "";
  let position = start;
  for (;;) {
    const lineEnd = indexBefore(buffer, "\r\n", position, end);
    if (lineEnd < 0) return undefined;
    const line = buffer.toString("latin1", position, lineEnd);
    const size = chunkSizePattern.exec(line)?.[1];
    if (size === undefined) throw new MalformedResponseError(`not a chunk size: ${line}`);
    const chunkStart = lineEnd + 2;
    const chunkEnd = chunkStart + Number.parseInt(size, 16);
    if (chunkEnd === chunkStart) {
      // The last chunk: an empty line follows at once, or trailers that end with one.
      const trailersEnd = indexBefore(buffer, "\r\n\r\n", lineEnd, end);
      return trailersEnd < 0 ? undefined : { body, end: trailersEnd + 4 };
    }
    if (chunkEnd + 2 > end) return undefined;
    body += buffer.toString("latin1", chunkStart, chunkEnd);
    position = chunkEnd + 2;
  }
}

/** Like indexOf, but -1 when the match reaches beyond `end`. */
function indexBefore(buffer: Buffer, text: string, start: number, end: number): number {
  const index = buffer.indexOf(text, start, "latin1");
  return index < 0 || index + text.length > end ? -1 : index;
}

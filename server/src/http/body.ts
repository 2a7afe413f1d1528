// Takes in a request's body, up to a limit. Small bodies come in one chunk, which is handed on as
// it is. A client that goes away in the middle is simply forgotten: there is nobody to answer.

import { constants, type ServerHttp2Stream } from "node:http2";
import { copyBytes } from "@perdure/protocol/bytes";
import type { HttpRequest } from "./messages.js";

export interface BodySize {
  /** Of the `content-length` header; undefined where there is none. */
  readonly contentLength: number | undefined;
  /** Whether a body may follow: a length that is not 0, chunks, or an open HTTP/2 stream. */
  readonly expected: boolean;
}

export interface BodySink {
  /** Called at most once, with the whole body. */
  readonly complete: (body: Uint8Array) => void;
  /** Called at most once, instead, when the body is larger than the limit. */
  readonly tooLarge: () => void;
}

const empty = new Uint8Array(0);
/** So much has to come before memory for all is set aside: an announcement alone costs none. */
const gatheredBytesMin = 256 * 1024;
/** How long a body may take over HTTP/2; over HTTP/1.1 the port sees to it. */
const bodyTimeoutMs = 300_000;

/** Reads the body of `request`. At most one of the sink's functions is called, once. */
export function readBody(
  request: HttpRequest,
  size: BodySize,
  bytesMax: number,
  sink: BodySink,
): void {
  if (!size.expected) {
    sink.complete(empty);
    return;
  }
  if (size.contentLength !== undefined && size.contentLength > bytesMax) {
    discard(request, bytesMax);
    sink.tooLarge();
    return;
  }
  if ("stream" in request) endWhenSlow(request.stream);
  collect(request, size.contentLength, bytesMax, sink);
}

/** Nobody waits for ever for a body that trickles in: its stream is reset, which ends as if its client had gone. */
function endWhenSlow(stream: ServerHttp2Stream): void {
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), bodyTimeoutMs).unref();
  const over = (): void => clearTimeout(timer);
  stream.once("end", over);
  stream.once("close", over);
}

function collect(
  request: HttpRequest,
  contentLength: number | undefined,
  bytesMax: number,
  sink: BodySink,
): void {
  let first: Uint8Array | undefined;
  let chunks: Uint8Array[] | undefined;
  /** The body so far, in memory for all of it, where it is large and its length is known. */
  let whole: Uint8Array | undefined;
  let received = 0;
  let ended = false;

  function finish(): void {
    ended = true;
    if (whole !== undefined) sink.complete(whole.subarray(0, received));
    else sink.complete(chunks === undefined ? (first ?? empty) : Buffer.concat(chunks, received));
  }
  /** Chunks are copied as they come: all of them at the end would stop everybody else for some milliseconds. */
  function gather(chunk: Uint8Array): void {
    if (whole !== undefined) whole.set(chunk, received - chunk.byteLength);
    else if (first === undefined) first = chunk;
    else if (chunks === undefined) chunks = [first, chunk];
    else chunks.push(chunk);
    if (whole !== undefined || chunks === undefined || received < gatheredBytesMin) return;
    if (contentLength === undefined || contentLength < received) return;
    whole = Buffer.allocUnsafeSlow(contentLength);
    copyBytes(chunks, whole);
    first = chunks = undefined;
  }
  request.on("data", (chunk: Uint8Array) => {
    if (ended) return;
    received += chunk.byteLength;
    if (received > bytesMax) {
      ended = true;
      first = chunks = whole = undefined;
      discard(request, bytesMax);
      sink.tooLarge();
      return;
    }
    gather(chunk);
    // The parser lets no more bytes through than were announced: no need to wait for the end.
    if (received === contentLength) finish();
  });
  // An HTTP/2 stream that the client resets ends as if it were complete, after `aborted`.
  request.on("end", () => {
    if (!ended && !isAborted(request)) finish();
  });
}

function isAborted(request: HttpRequest): boolean {
  return "stream" in request ? request.stream.aborted : !request.complete;
}

/**
 * Lets the rest of a body pass by, so that the client gets to read its answer; cuts it off where
 * there is no end of it.
 */
function discard(request: HttpRequest, bytesMax: number): void {
  let passed = 0;
  request.on("data", (chunk: Uint8Array) => {
    passed += chunk.byteLength;
    if (passed <= 2 * bytesMax) return;
    // HTTP/2 can refuse the rest and still deliver the answer.
    if ("stream" in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
    else request.destroy();
  });
}

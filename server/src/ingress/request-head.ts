// A request's head, read in one pass over the raw headers: what the ingress itself understands, and
// what it forwards to the handler. node's own header objects are never built on this path.

import type { Header } from "@perdure/proto/protocol/v1/journal";
import type { BodySize } from "../http/body.js";
import type { HttpRequest } from "../http/messages.js";

export interface RequestHead {
  /** As sent, with its first slash; the query is in it. */
  readonly url: string;
  readonly method: string;
  readonly contentType: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly limitKey: string | undefined;
  /** Of a browser's page. */
  readonly origin: string | undefined;
  readonly body: BodySize;
  /** Those for the handler: names in lower case, in order, repeated ones repeated. */
  readonly headers: readonly Header[];
  /** The name of a header whose value is not plain ASCII; such a request is refused. */
  readonly unreadable: string | undefined;
}

const notAscii = /[^\t\x20-\x7e]/;

/** What only the ingress itself may say; callers that send such headers are not believed. */
const ownPrefix = "x-restate-";

/** Whether a header of a request ends at the ingress: it concerns the connection, or the ingress reads it. */
export function endsHere(name: string): boolean {
  switch (name) {
    case "connection":
    case "host":
    case "idempotency-key":
    case "idempotency-expires":
      return true;
    default:
      return name.startsWith(ownPrefix);
  }
}

/** The headers of a message that is not a request of ours. */
export function headerOf(name: string, value: string): Header {
  return { $typeName: "perdure.protocol.v1.Header", name, value };
}

export function isAsciiText(value: string): boolean {
  return !notAscii.test(value);
}

export function readHead(request: HttpRequest): RequestHead {
  const url = originFormOf(request.url ?? "/");
  const raw = request.rawHeaders;
  const headers: Header[] = [headerOf("x-restate-ingress-path", url)];
  let contentType: string | undefined;
  let idempotencyKey: string | undefined;
  let limitKey: string | undefined;
  let origin: string | undefined;
  let contentLength: number | undefined;
  let chunked = false;
  let unreadable: string | undefined;

  for (let at = 0; at + 1 < raw.length; at += 2) {
    const rawName = raw[at] as string;
    if (rawName.startsWith(":")) continue;
    const name = rawName.toLowerCase();
    const value = raw[at + 1] as string;
    if (notAscii.test(value)) unreadable ??= name;
    if (endsHere(name)) {
      if (name === "idempotency-key") idempotencyKey ??= value;
      else if (name === "x-restate-limit-key") limitKey ??= value;
      continue;
    }
    switch (name) {
      case "content-type":
        contentType ??= value;
        break;
      case "content-length":
        contentLength = Number(value);
        break;
      case "transfer-encoding":
        chunked = true;
        break;
      case "origin":
        origin = value;
        break;
    }
    headers.push(headerOf(name, value));
  }
  const expected =
    "stream" in request
      ? !request.stream.endAfterHeaders && contentLength !== 0
      : chunked || (contentLength ?? 0) > 0;
  return {
    url,
    method: request.method ?? "GET",
    contentType,
    idempotencyKey,
    limitKey,
    origin,
    body: { contentLength, expected },
    headers,
    unreadable,
  };
}

/** A proxy's `http://host/path` becomes `/path`. */
function originFormOf(url: string): string {
  if (url.startsWith("/")) return url;
  const authority = url.indexOf("://");
  if (authority === -1) return url;
  const path = url.indexOf("/", authority + 3);
  return path === -1 ? "/" : url.slice(path);
}

// Paths of the ingress: cut into segments, and keys out of their percent-encoding. Service names,
// handler names, ids and idempotency keys are taken as they stand.

import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";

export interface RequestPath {
  /** Without the query and without slashes at its end. */
  readonly path: string;
  readonly segments: readonly string[];
  /** After the question mark; empty for none. */
  readonly query: string;
}

export function splitPath(url: string): RequestPath {
  const mark = url.indexOf("?");
  const query = mark === -1 ? "" : url.slice(mark + 1);
  let end = mark === -1 ? url.length : mark;
  while (end > 1 && url.charCodeAt(end - 1) === 0x2f) end--;
  const path = end === url.length ? url : url.slice(0, end);
  return { path, segments: path.slice(1).split("/"), query };
}

const plain = /^[\x21-\x24\x26-\x7e]*$/;
const escape = /%([0-9a-f]{2})?/gi;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type DecodedSegment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "malformed"; readonly why: string };

/**
 * The text that a percent-encoded segment stands for. Bytes above 127 that were not encoded are
 * taken as the UTF-8 that they are.
 */
export function decodeSegment(segment: string): DecodedSegment {
  if (plain.test(segment)) return { kind: "text", text: segment };
  let isCut = false;
  // node gives the bytes of a path as Latin-1.
  const bytes = segment.replace(escape, (_whole, digits: string | undefined) => {
    isCut ||= digits === undefined;
    return String.fromCharCode(Number.parseInt(digits ?? "0", 16));
  });
  if (isCut) return { kind: "malformed", why: '"%" needs two hex digits after it' };
  try {
    return { kind: "text", text: utf8.decode(Buffer.from(bytes, "latin1")) };
  } catch {
    return { kind: "malformed", why: "it is not UTF-8" };
  }
}

/**
 * The key that a segment stands for.
 * @throws HttpError  PDR3007: not UTF-8, or a percent sign without two hex digits
 */
export function decodeKey(segment: string): string {
  if (plain.test(segment)) return segment;
  const key = decodeSegment(segment);
  if (key.kind === "malformed") throw badKey(segment, key.why);
  return key.text;
}

function badKey(segment: string, why: string): HttpError {
  const message = `bad key "${segment}" in the path: ${why}; encode keys as encodeURIComponent does`;
  return new HttpError(ingressErrors.badKey, message);
}

/** The value of a query parameter, whatever the case of its name; undefined where there is none. */
export function queryParameter(query: string, name: string): string | undefined {
  if (query === "") return undefined;
  for (const [found, value] of new URLSearchParams(query)) {
    if (found.toLowerCase() === name) return value;
  }
  return undefined;
}

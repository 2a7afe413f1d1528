// gzip, the one compression that every client of Connect, gRPC and gRPC-Web knows. Whole messages, off the event loop.

import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { errorMessage } from "@perdure/protocol/error-message";
import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import { bodyTooLarge } from "../invoke.js";

/** Below it, compressing costs more than it saves. */
const compressedFromBytes = 4 * 1024;

const gunzipOf = promisify(gunzip);
const gzipOf = promisify(gzip);

/**
 * Whether a request says that its messages are compressed.
 * @throws HttpError  PDR3035: by something else than gzip
 */
export function isGzip(encoding: string | undefined): boolean {
  if (encoding === undefined || encoding === "identity" || encoding === "") return false;
  if (encoding === "gzip") return true;
  throw new HttpError(
    ingressErrors.badCompression,
    `messages compressed with "${encoding}" are not understood; send gzip or identity`,
  );
}

/**
 * @param bytesMax  of what comes out
 * @throws HttpError  PDR3014, PDR3036
 */
export async function decompress(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  try {
    return await gunzipOf(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    if (error instanceof RangeError) throw bodyTooLarge(bytesMax);
    const why = errorMessage(error);
    throw new HttpError(ingressErrors.badMessage, `the message is no gzip: ${why}`);
  }
}

/** Whether it is worth it to compress a message, and its reader takes it. */
export function wantsGzip(bytes: number, accepted: string | undefined): boolean {
  if (accepted === undefined || bytes < compressedFromBytes) return false;
  return accepted.split(",").some((one) => /^\s*gzip\s*(;(?!\s*q=0(\.0*)?\s*$).*)?$/.test(one));
}

export function compress(bytes: Uint8Array): Promise<Uint8Array> {
  return gzipOf(bytes);
}

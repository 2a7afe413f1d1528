// Large answers, made small for those who take it: journals, and lists of many deployments.

import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** Below it, compressing costs more than it saves. */
const compressedFromBytes = 4 * 1024;

const compressors: readonly (readonly [
  encoding: string,
  compress: (text: string) => Promise<Uint8Array>,
])[] = [
  [
    "br",
    (text) => promisify(brotliCompress)(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ],
  ["gzip", (text) => promisify(gzip)(text)],
];

export interface Compressed {
  /** Undefined: as it is. */
  readonly encoding: string | undefined;
  readonly bytes: Uint8Array | string;
}

/** @param accepted  an `accept-encoding` header; empty for none */
export async function compressed(text: string, accepted: string): Promise<Compressed> {
  if (text.length < compressedFromBytes) return { encoding: undefined, bytes: text };
  const taken = encodingsOf(accepted);
  for (const [encoding, compress] of compressors) {
    if (taken.has(encoding)) return { encoding, bytes: await compress(text) };
  }
  return { encoding: undefined, bytes: text };
}

/** Those that are named and not refused with a weight of 0. */
function encodingsOf(accepted: string): ReadonlySet<string> {
  const named = accepted.toLowerCase().split(",");
  const taken = named.filter((one) => !/;\s*q=0(?:\.0*)?\s*$/.test(one));
  return new Set(taken.map((one) => one.split(";", 1)[0]?.trim() ?? ""));
}

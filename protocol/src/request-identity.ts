// How a server shows a deployment that a request is its own: a JWT, signed with ed25519, in two headers. The
// names are those of the field, so that keys and proxies keep working.

import { fromBase58, toBase58 } from "./base58.js";

export const signatureSchemeHeader = "x-restate-signature-scheme";
export const signatureScheme = "v1";
export const tokenHeader = "x-restate-jwt-v1";

/** Before `now`, for clocks that differ; and after it, until the token expires. */
export const tokenSeconds = 60;

const keyPrefix = "publickeyv1_";
const keyBytes = 32;

/** The name of a public key, which is the key itself: what services are given as an identity key. */
export function identityKeyOf(publicKey: Uint8Array): string {
  return keyPrefix + toBase58(publicKey);
}

/** The 32 bytes of a key, or undefined where the text names none. */
export function parseIdentityKey(text: string): Uint8Array | undefined {
  if (!text.startsWith(keyPrefix)) return undefined;
  const bytes = fromBase58(text.slice(keyPrefix.length));
  return bytes?.length === keyBytes ? bytes : undefined;
}

/**
 * The path that a token is made for: that of the procedure, or of the preview of a serde. What stands before it
 * differs with where the endpoint is mounted, and with proxies that rewrite paths.
 */
export function audienceOf(path: string): string {
  return /\/(?:perdure\.[\w.]+\/\w+|serdes\/.+)$/.exec(path)?.[0] ?? path;
}

// Whether a request comes from a server that this endpoint trusts: it carries a JWT that one of the identity keys
// has signed, for this path and this minute. Uses Web Crypto, which every runtime has.

import {
  audienceOf,
  parseIdentityKey,
  signatureScheme,
  signatureSchemeHeader,
  tokenHeader,
} from "@perdure/protocol/request-identity";

/** A request that can't be trusted. It is answered with 401; the reason stays in this process's log. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
  readonly code = "PDR5501";

  constructor(reason: string) {
    super(`PDR5501: refused a request: ${reason}`);
  }
}

export interface IdentityVerifier {
  /**
   * @param path  of the request, with whatever stands before the procedure
   * @throws IdentityError
   */
  verify(headers: Headers, path: string): Promise<void>;
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The times hold exactly: no leeway. */
interface Claims {
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly iat?: unknown;
}

/**
 * @param identityKeys  "publickeyv1_…", any of which may have signed
 * @throws TypeError  a key is none
 */
export function createIdentityVerifier(
  identityKeys: readonly string[],
  nowMs: () => number = Date.now,
): IdentityVerifier {
  const keys = new Map(identityKeys.map((text) => [text, rawKeyOf(text)]));
  const imported = new Map<string, Promise<Key>>();
  return { verify };

  async function verify(headers: Headers, path: string): Promise<void> {
    const { signed, signature, keyId, claims } = readToken(headers);
    const valid = await crypto.subtle.verify("Ed25519", await keyOf(keyId), signature, signed);
    if (!valid) throw new IdentityError("the signature of its token is wrong");
    checkClaims(claims, audienceOf(path), nowMs() / 1_000);
  }

  function keyOf(keyId: string): Promise<Key> {
    const raw = keys.get(keyId);
    if (raw === undefined) throw new IdentityError(`its key ${keyId} is none of the identity keys`);
    let key = imported.get(keyId);
    if (key === undefined) {
      key = crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
      imported.set(keyId, key);
    }
    return key;
  }
}

function rawKeyOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = parseIdentityKey(text);
  if (raw !== undefined) return new Uint8Array(raw);
  throw new TypeError(
    `PDR5502: "${text}" is no identity key. The server logs its key, publickeyv1_…, when it starts`,
  );
}

interface Token {
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly keyId: string;
  readonly claims: Claims;
}

function readToken(headers: Headers): Token {
  const scheme = headers.get(signatureSchemeHeader);
  if (scheme === null) throw new IdentityError("it is not signed");
  if (scheme !== signatureScheme) throw new IdentityError(`its signature scheme is "${scheme}"`);
  const token = headers.get(tokenHeader);
  if (token === null) throw new IdentityError("it has no token");
  const [head = "", body = "", signature = "", ...more] = token.split(".");
  const { typ, alg, kid } = decodeJson(head) as Record<"typ" | "alg" | "kid", unknown>;
  if (typ !== "JWT" || alg !== "EdDSA" || typeof kid !== "string" || more.length > 0) {
    throw new IdentityError("its token is not of the kind that servers make");
  }
  return {
    signed: new TextEncoder().encode(`${head}.${body}`),
    signature: decodeBase64Url(signature),
    keyId: kid,
    claims: decodeJson(body) as Claims,
  };
}

function checkClaims({ aud, exp, nbf, iat }: Claims, audience: string, now: number): void {
  if (typeof exp !== "number" || typeof nbf !== "number" || typeof iat !== "number") {
    throw new IdentityError("its token has no times");
  }
  if (aud !== audience) throw new IdentityError(`its token is for ${String(aud)}, not ${audience}`);
  if (now < nbf) throw new IdentityError("its token is not valid yet: compare the clocks");
  if (now >= exp) throw new IdentityError("its token has expired: compare the clocks");
}

function decodeJson(text: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(decodeBase64Url(text)));
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new IdentityError("its token can't be read");
}

function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    throw new IdentityError("its token can't be read");
  }
}

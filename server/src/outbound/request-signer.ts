// Signs what goes out to deployments, so that they can tell it from what others send: a JWT with the server's
// ed25519 key, for one path and one minute. See @perdure/protocol/request-identity.

import { createPrivateKey, createPublicKey, sign, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { errorMessage } from "@perdure/protocol/error-message";
import {
  audienceOf,
  identityKeyOf,
  signatureScheme,
  signatureSchemeHeader,
  tokenHeader,
  tokenSeconds,
} from "@perdure/protocol/request-identity";

export interface RequestSigner {
  /** "publickeyv1_…": what services are given to know this server by. */
  readonly identityKey: string;
  /**
   * @param path  of the request
   * @param subject  the key of the object or workflow that it is about
   */
  headers(path: string, subject?: string): Readonly<Record<string, string>>;
}

/** The file with the server's private key can't be used. */
export class IdentityKeyError extends Error {
  override readonly name = "IdentityKeyError";
  readonly code = "PDR5503";

  constructor(reason: string, cause?: unknown) {
    super(`PDR5503: ${reason}. Make one with: openssl genpkey -algorithm ed25519 -out key.pem`, {
      cause,
    });
  }
}

/**
 * @param file  empty: requests are not signed
 * @throws IdentityKeyError
 */
export function signerOf(file: string): RequestSigner | undefined {
  return file === "" ? undefined : loadRequestSigner(file);
}

/** @throws IdentityKeyError */
export function loadRequestSigner(file: string): RequestSigner {
  let pem: string;
  try {
    pem = readFileSync(file, "utf8");
  } catch (error) {
    const reason = errorMessage(error);
    throw new IdentityKeyError(
      `the key that signs requests to services can't be read: ${reason}`,
      error,
    );
  }
  return createRequestSigner(pem, file);
}

/**
 * @param pem  an ed25519 private key, PKCS #8
 * @param from  where it is from, for messages
 * @throws IdentityKeyError
 */
export function createRequestSigner(
  pem: string,
  from = "the text",
  nowMs: () => number = Date.now,
): RequestSigner {
  const privateKey = parseKey(pem, from);
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  const identityKey = identityKeyOf(Buffer.from(x, "base64url"));
  const head = encode({ typ: "JWT", alg: "EdDSA", kid: identityKey });
  return {
    identityKey,
    headers(path, subject) {
      const now = Math.floor(nowMs() / 1_000);
      const claims = {
        aud: audienceOf(path),
        nbf: now - tokenSeconds,
        iat: now,
        exp: now + tokenSeconds,
        ...(subject === undefined ? {} : { sub: subject }),
      };
      const signed = `${head}.${encode(claims)}`;
      const signature = sign(null, Buffer.from(signed), privateKey).toString("base64url");
      return {
        [signatureSchemeHeader]: signatureScheme,
        [tokenHeader]: `${signed}.${signature}`,
      };
    },
  };
}

function parseKey(pem: string, from: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new IdentityKeyError(`${from} holds no private key in PEM`, error);
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new IdentityKeyError(`${from} holds a key of type ${String(key.asymmetricKeyType)}`);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

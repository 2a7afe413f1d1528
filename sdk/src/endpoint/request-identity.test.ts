import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { identityKeyOf } from "@perdure/protocol/request-identity";
import { describe, expect, test } from "vitest";
import { createIdentityVerifier, IdentityError } from "./request-identity.js";

const invokePath = "/perdure.protocol.v1.Deployment/Invoke";
const nowSeconds = 1_800_000_000;

interface Signer {
  readonly key: string;
  readonly privateKey: KeyObject;
}

function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return { key: identityKeyOf(Buffer.from(x, "base64url")), privateKey };
}

const trusted = newSigner();
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

interface TokenOptions {
  readonly signer?: Signer;
  readonly head?: object;
  readonly claims?: object;
}

function headersOf({ signer = trusted, head = {}, claims = {} }: TokenOptions = {}): Headers {
  const times = { nbf: nowSeconds - 60, iat: nowSeconds, exp: nowSeconds + 60 };
  const signed = [
    encode({ typ: "JWT", alg: "EdDSA", kid: signer.key, ...head }),
    encode({ aud: invokePath, ...times, ...claims }),
  ].join(".");
  const signature = sign(null, Buffer.from(signed), signer.privateKey).toString("base64url");
  return new Headers({
    "x-restate-signature-scheme": "v1",
    "x-restate-jwt-v1": `${signed}.${signature}`,
  });
}

function verify(headers: Headers, path = invokePath, atSeconds = nowSeconds): Promise<void> {
  const other = newSigner();
  const nowMs = () => atSeconds * 1_000;
  return createIdentityVerifier([other.key, trusted.key], nowMs).verify(headers, path);
}

function without(headers: Headers, name: string): Headers {
  headers.delete(name);
  return headers;
}

function tampered(headers: Headers): Headers {
  const [head = "", , signature = ""] = (headers.get("x-restate-jwt-v1") ?? "").split(".");
  const body = encode({ aud: invokePath, nbf: 0, iat: 0, exp: nowSeconds * 2 });
  headers.set("x-restate-jwt-v1", [head, body, signature].join("."));
  return headers;
}

describe("a request is trusted", () => {
  test("when one of the keys has signed its token for this path", async () => {
    await expect(verify(headersOf())).resolves.toBeUndefined();
  });

  test("whatever stands before the procedure in its path", async () => {
    await expect(verify(headersOf(), `/any/where${invokePath}`)).resolves.toBeUndefined();
  });

  test("from the first to the last second of its token", async () => {
    for (const at of [nowSeconds - 60, nowSeconds + 59]) {
      await expect(verify(headersOf(), invokePath, at)).resolves.toBeUndefined();
    }
  });
});

describe("a request is refused, with PDR5501 and the reason,", () => {
  test.each([
    ["without a signature scheme", "not signed", new Headers()],
    [
      "of the scheme unsigned",
      '"unsigned"',
      new Headers({ "x-restate-signature-scheme": "unsigned" }),
    ],
    ["without a token", "no token", without(headersOf(), "x-restate-jwt-v1")],
    [
      "by a key that is none of ours",
      "none of the identity keys",
      headersOf({ signer: newSigner() }),
    ],
    [
      "by another key under the name of ours",
      "signature of its token is wrong",
      headersOf({ signer: newSigner(), head: { kid: trusted.key } }),
    ],
    ["whose claims were changed", "signature of its token is wrong", tampered(headersOf())],
    ["with another algorithm", "not of the kind", headersOf({ head: { alg: "none" } })],
    ["for another path", "not /perdure", headersOf({ claims: { aud: "/else/where" } })],
    ["without times", "no times", headersOf({ claims: { exp: undefined } })],
    ["before its time", "not valid yet", headersOf({ claims: { nbf: nowSeconds + 1 } })],
    ["after its time", "expired", headersOf({ claims: { exp: nowSeconds } })],
    [
      "with a token that can't be read",
      "can't be read",
      new Headers({ "x-restate-signature-scheme": "v1", "x-restate-jwt-v1": "a.%.c" }),
    ],
  ])("%s", async (_, reason, headers) => {
    const error: unknown = await verify(headers).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(IdentityError);
    expect((error as Error).message).toContain(reason);
    expect((error as Error).message).toContain("PDR5501");
  });
});

test("an identity key that is none is refused when the endpoint is made, with PDR5502", () => {
  for (const key of ["", "publickeyv1_", "publickeyv1_0OIl", trusted.key.slice(0, -3), "other"]) {
    expect(() => createIdentityVerifier([key])).toThrow(/PDR5502: ".*" is no identity key/);
  }
});

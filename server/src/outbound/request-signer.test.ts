import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseIdentityKey } from "@perdure/protocol/request-identity";
import { expect, onTestFinished, test } from "vitest";
import { createRequestSigner, IdentityKeyError, loadRequestSigner } from "./request-signer.js";

const nowMs = 1_800_000_000_500;
const { privateKey } = generateKeyPairSync("ed25519");
const pem = privateKey.export({ format: "pem", type: "pkcs8" }) as string;

function fileOf(content: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), "perdure-signer-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const file = path.join(directory, "key.pem");
  writeFileSync(file, content);
  return file;
}

function decode(part = ""): unknown {
  return JSON.parse(Buffer.from(part, "base64url").toString());
}

test("a token names its key, its path and its minute, and is signed by the key that it names", () => {
  const signer = createRequestSigner(pem, "test", () => nowMs);
  const headers = signer.headers("/prefix/perdure.protocol.v1.Deployment/Invoke", "k");

  expect(headers["x-restate-signature-scheme"]).toBe("v1");
  const [head, body, signature] = (headers["x-restate-jwt-v1"] ?? "").split(".");
  expect(decode(head)).toEqual({ typ: "JWT", alg: "EdDSA", kid: signer.identityKey });
  expect(decode(body)).toEqual({
    aud: "/perdure.protocol.v1.Deployment/Invoke",
    nbf: 1_799_999_940,
    iat: 1_800_000_000,
    exp: 1_800_000_060,
    sub: "k",
  });
  const raw = parseIdentityKey(signer.identityKey);
  const x = Buffer.from(raw ?? []).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const signed = Buffer.from(`${head ?? ""}.${body ?? ""}`);
  expect(verify(null, signed, key, Buffer.from(signature ?? "", "base64url"))).toBe(true);
});

test("the identity key is that of the file, each time", () => {
  const file = fileOf(pem);
  expect(loadRequestSigner(file).identityKey).toMatch(/^publickeyv1_[1-9A-HJ-NP-Za-km-z]{42,44}$/);
  expect(loadRequestSigner(file).identityKey).toBe(loadRequestSigner(file).identityKey);
});

test("a file that is missing, no key, or a key of another kind is refused, with PDR5503", () => {
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const files = {
    "can't be read": path.join(tmpdir(), "perdure-no-such-key.pem"),
    "no private key": fileOf("hello"),
    "type ec": fileOf(other.export({ format: "pem", type: "pkcs8" }) as string),
  };
  for (const [reason, file] of Object.entries(files)) {
    expect(() => loadRequestSigner(file)).toThrow(IdentityKeyError);
    expect(() => loadRequestSigner(file)).toThrow(reason);
    expect(() => loadRequestSigner(file)).toThrow(/^PDR5503: .*openssl genpkey/);
  }
});

// A codec of everything in journals and state: here, encryption. Servers and disks see ciphertext only.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { JournalValueCodec } from "@perdure/sdk";

const ivBytes = 12;
const tagBytes = 16;

/** @param key  32 bytes, the same for services and clients */
export function encryption(key: Uint8Array): JournalValueCodec {
  return {
    encode(bytes) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const encrypted = [cipher.update(bytes), cipher.final()];
      return Buffer.concat([iv, ...encrypted, cipher.getAuthTag()]);
    },
    async decode(bytes) {
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes));
      decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
      return Buffer.concat([
        decipher.update(bytes.subarray(ivBytes, bytes.length - tagBytes)),
        decipher.final(),
      ]);
    },
  };
}

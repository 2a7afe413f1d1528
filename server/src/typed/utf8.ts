// Text out of bytes that must be UTF-8. What is none is not made up for: another would get other text than was sent.

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined: not valid UTF-8. */
export function utf8Of({ buffer, byteOffset, byteLength }: Uint8Array): string | undefined {
  const text = Buffer.from(buffer, byteOffset, byteLength).toString();
  if (!text.includes("\ufffd")) return text;
  try {
    return strict.decode(new Uint8Array(buffer, byteOffset, byteLength));
  } catch {
    return undefined;
  }
}

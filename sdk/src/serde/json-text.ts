// JSON as bytes.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const empty = new Uint8Array();

/** Node's own way is several times as fast for short texts; not every runtime has it. */
const bytesOfText: (text: string) => Uint8Array =
  typeof (globalThis as { Buffer?: unknown }).Buffer === "function"
    ? (text) => Buffer.from(text)
    : (text) => encoder.encode(text);

/**
 * `undefined` is no bytes at all.
 * @throws TypeError  JSON has no text for the value
 */
export function writeJson(value: unknown): Uint8Array {
  if (value === undefined) return empty;
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`a ${typeof value} can't be written as JSON`);
  return bytesOfText(text);
}

/** @throws SyntaxError  no JSON */
export function readJson(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? undefined : JSON.parse(decoder.decode(bytes));
}

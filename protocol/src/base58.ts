// Base58 (the alphabet without 0, O, I and l) of short byte strings, such as public keys. Leading zero bytes are
// leading "1"s, as everywhere else where base58 is used.

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const base = 58n;

export function toBase58(bytes: Uint8Array): string {
  let number = 0n;
  for (const byte of bytes) number = number * 256n + BigInt(byte);
  let text = "";
  for (; number > 0n; number /= base) text = alphabet.charAt(Number(number % base)) + text;
  const zeros = leading(bytes, 0);
  return alphabet.charAt(0).repeat(zeros) + text;
}

/** Undefined where the text has characters that are not of the alphabet. */
export function fromBase58(text: string): Uint8Array | undefined {
  let number = 0n;
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit === -1) return undefined;
    number = number * base + BigInt(digit);
  }
  const bytes: number[] = [];
  for (; number > 0n; number /= 256n) bytes.unshift(Number(number % 256n));
  const zeros = leading(text.split(""), alphabet.charAt(0));
  return Uint8Array.from([...Array.from({ length: zeros }, () => 0), ...bytes]);
}

function leading<T>(values: ArrayLike<T>, value: T): number {
  let count = 0;
  while (count < values.length && values[count] === value) count++;
  return count;
}

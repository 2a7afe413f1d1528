// Bytes that come in pieces.

/** Of all pieces together. */
export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** Copies pieces, one behind the other, to the beginning of a place that has room for them. */
export function copyBytes(pieces: readonly Uint8Array[], into: Uint8Array): void {
  let at = 0;
  for (const piece of pieces) {
    into.set(piece, at);
    at += piece.length;
  }
}

/** One copy, whatever the number of pieces; none for a single one. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(lengthOf(pieces));
  copyBytes(pieces, whole);
  return whole;
}

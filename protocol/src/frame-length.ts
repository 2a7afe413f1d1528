// How long a frame is going to be, as far as its first piece says: a frame has one large field, whose length stands in front of
// it. A hint and no more: the other side may have written anything.

/** Bytes up to the end of the field that goes beyond the piece; undefined where there is none, or the bytes are no message. */
export function frameLength(piece: Uint8Array): number | undefined {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = piece[at++];
      if (byte === undefined) return NaN;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  while (at < piece.length) {
    const wireType = varint() % 8;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      at += length;
    } else return undefined;
    if (at > piece.length) return at;
  }
  return undefined;
}

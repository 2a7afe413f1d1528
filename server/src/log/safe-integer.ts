// 64-bit little-endian integers in the range that a JavaScript number holds exactly, without the
// cost of a bigint.

const twoTo32 = 0x1_0000_0000;

export function setSafeInteger(view: DataView, offset: number, value: number): void {
  const low = value >>> 0;
  view.setUint32(offset, low, true);
  view.setUint32(offset + 4, (value - low) / twoTo32, true);
}

export function getSafeInteger(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * twoTo32;
}

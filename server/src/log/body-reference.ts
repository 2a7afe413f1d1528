// What a record holds whose body lies in a file of its own: which file, how much of it, and how it can be told that it is
// what was written.
//   bytes  0  number of the file, u64       8  bytes of the body, u32
//         12  CRC32C of the body, u32      16  8 random bytes, new at every use of a file: the CRC starts from theirs
// All integers are little-endian. Such a record has `bodyApartFlag`.

import { getSafeInteger, setSafeInteger } from "./safe-integer.js";

export interface BodyReference {
  readonly number: number;
  readonly bytes: number;
  readonly id: Uint8Array;
  readonly checksum: number;
}

export const bodyReferenceBytes = 24;

export function encodeBodyReference(reference: BodyReference): Uint8Array {
  const bytes = new Uint8Array(bodyReferenceBytes);
  const view = new DataView(bytes.buffer);
  setSafeInteger(view, 0, reference.number);
  view.setUint32(8, reference.bytes, true);
  view.setUint32(12, reference.checksum, true);
  bytes.set(reference.id, 16);
  return bytes;
}

/** Undefined where the bytes are no reference. */
export function decodeBodyReference(bytes: Uint8Array): BodyReference | undefined {
  if (bytes.length !== bodyReferenceBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    number: getSafeInteger(view, 0),
    bytes: view.getUint32(8, true),
    checksum: view.getUint32(12, true),
    id: bytes.slice(16),
  };
}

// How a batch lies in a segment: where its fields are, for the encoder and the reader alike.
//
// A batch starts at a multiple of 8 and is a header, then its records:
//   bytes  0  magic, u32               4  CRC32C of bytes 8 to 39, u32
//          8  record count, u32       12  bytes of the records, u32
//         16  position of the first record, u64
//         24  position known synced when it was written, u64
//         32  CRC (at byte 4) of the batch before, u32
//         36  CRC32C over the CRCs of its records, u32
// A record, padded with zeros to a multiple of 8:
//   bytes  0  CRC32C of byte 4 up to the end of the padding, u32
//          4  bytes of the body, u32   8  partition, u16          10  kind, u16
//         12  behaviour version, u16  14  producer kind, u8       15  flags, u8
//         16  epoch, u32              20  zero, u32
//         24  position, u64           32  partition position, u64
//         40  time, f64               48  producer id, u64        56  producer sequence, u64
//         64  body
// All numbers are little-endian. Every CRC starts from the segment's seed (segment-header.ts).
//
// A batch without records is a note that all before it is synced; a log that is closed ends in one.

export const batchMagic = 0x74616250; // "Pbat"
export const batchHeaderBytes = 40;
export const recordHeaderBytes = 64;
export const alignment = 8;

/** Where a field of a batch header is. */
export const batchField = {
  magic: 0,
  checksum: 4,
  recordCount: 8,
  recordBytes: 12,
  firstPosition: 16,
  syncedPosition: 24,
  previousChecksum: 32,
  recordsChecksum: 36,
} as const;

/** Where a field of a record is. */
export const recordField = {
  checksum: 0,
  bodyBytes: 4,
  partition: 8,
  kind: 10,
  behavior: 12,
  producerKind: 14,
  flags: 15,
  epoch: 16,
  reserved: 20,
  position: 24,
  partitionPosition: 32,
  timeMs: 40,
  producerId: 48,
  producerSequence: 56,
} as const;

/** Rounds up to where the next record or batch may start. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

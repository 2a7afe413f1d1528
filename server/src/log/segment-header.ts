// The first page of a segment: who it is and where it stands in the log. A file carries the name of a
// segment only after its header and its first batch are durable: without them it is damaged.
//
//   bytes  0  magic, 8 characters      8  format version, u32     12  where batches start, u32
//         16  segment id, 8 random bytes                          24  index of the segment, u64
//         32  position of its first record, u64                   40  bytes of the segment, u64
//         48  position known synced when it got its name (its first batch included), u64
//         56  CRC of the batch before, u32                        60  zero, u32
//         64  CRC32C of bytes 0 to 63
// All integers are little-endian. The rest of the page is not looked at.
//
// Every other CRC of the segment is computed over the segment id and then the bytes in question, so
// that what an earlier use of the same blocks left behind is never taken for content.

import { crc32c } from "@node-rs/crc32";
import { getSafeInteger, setSafeInteger } from "./safe-integer.js";

/** 2: the body of a record may lie in a file of its own. */
export const formatVersion = 2;
const oldestVersion = 1;

/** Batches start here: the header's page is written once and not again with the first batches. */
export const segmentHeaderBytes = 4096;

export interface SegmentHeader {
  /** 8 random bytes, new at every use of a file. */
  readonly id: Uint8Array;
  /** From 1, contiguous. */
  readonly index: number;
  readonly firstPosition: number;
  /** Of the whole file, this header included. */
  readonly bytes: number;
  readonly syncedPosition: number;
  /** Of the last batch before this segment; 0 where there was none. */
  readonly previousChecksum: number;
}

export type HeaderRead =
  | { readonly kind: "valid"; readonly header: SegmentHeader }
  | { readonly kind: "tooNew"; readonly version: number }
  | { readonly kind: "damaged"; readonly reason: string };

const magic = "PERDULOG";
const checkedBytes = 64;

/** What the CRCs of a segment start from. */
export function checksumSeed(header: SegmentHeader): number {
  return crc32c(header.id);
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const page = new Uint8Array(segmentHeaderBytes);
  const view = new DataView(page.buffer);
  page.set(Buffer.from(magic, "latin1"));
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, segmentHeaderBytes, true);
  page.set(header.id, 16);
  setSafeInteger(view, 24, header.index);
  setSafeInteger(view, 32, header.firstPosition);
  setSafeInteger(view, 40, header.bytes);
  setSafeInteger(view, 48, header.syncedPosition);
  view.setUint32(56, header.previousChecksum, true);
  view.setUint32(checkedBytes, crc32c(page.subarray(0, checkedBytes)), true);
  return page;
}

/** Reads the first page of a segment; `page` may be shorter where the file is. */
export function decodeSegmentHeader(page: Uint8Array): HeaderRead {
  if (page.length < segmentHeaderBytes) return damaged("the file ends inside its header");
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  if (Buffer.from(page.subarray(0, 8)).toString("latin1") !== magic) {
    return damaged("the file does not start as a segment does");
  }
  // Before the checksum: a newer format may compute it otherwise.
  const version = view.getUint32(8, true);
  if (version > formatVersion) return { kind: "tooNew", version };
  if (view.getUint32(checkedBytes, true) !== crc32c(page.subarray(0, checkedBytes))) {
    return damaged("the header of the segment does not match its checksum");
  }
  if (version < oldestVersion) return damaged(`format version ${version} was never written`);
  const header: SegmentHeader = {
    id: page.slice(16, 24),
    index: getSafeInteger(view, 24),
    firstPosition: getSafeInteger(view, 32),
    bytes: getSafeInteger(view, 40),
    syncedPosition: getSafeInteger(view, 48),
    previousChecksum: view.getUint32(56, true),
  };
  return { kind: "valid", header };
}

function damaged(reason: string): HeaderRead {
  return { kind: "damaged", reason };
}

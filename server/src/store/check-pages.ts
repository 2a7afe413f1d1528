// Whether a file of LMDB has the pages that are in use: those of its trees, and those that large
// values lie in. Read from the file, without LMDB, which does not survive a page that is not there.

import { readSync } from "node:fs";

/** Offsets within a page. Nodes are found by a list of offsets, counted from the header's end, behind it. */
const header = { page: 0, flags: 18, nodesEnd: 20, bytes: 24 };
const branchFlag = 0x01;
const leafFlag = 0x02;

/** Offsets within a node. A branch has the number of the page below in the first three fields. */
const node = { low: 0, high: 2, flags: 4, keyLength: 6, key: 8 };
const elsewhereFlag = 0x01;
/** Where a large value lies: its first page and, behind that, how many there are. */
const elsewhere = { page: 0, count: 16, end: 24 };

/** The root of a tree without pages. */
const nowhere = 0xffff_ffff_ffff_ffffn;
const firstTreePage = 2;
const depthMax = 64;

export interface PagedFile {
  readonly file: number;
  readonly bytes: number;
  readonly pageSize: number;
  readonly roots: readonly bigint[];
}

/**
 * The number of a page that is in use and is missing or something else; undefined where none is found.
 * @param pagesMax  how many pages are looked at, those first that lead to most others
 */
export function findMissingPage(paged: PagedFile, pagesMax: number): number | undefined {
  let left = pagesMax;
  let level = paged.roots.filter((root) => root !== nowhere).map(Number);
  for (let depth = 1; level.length > 0; depth++) {
    const below: number[] = [];
    for (const number of level) {
      if (left-- <= 0) return undefined;
      if (depth > depthMax || !isInOrder(paged, number, below)) return number;
    }
    level = below;
  }
  return undefined;
}

/** Adds the pages that this one leads to. */
function isInOrder(paged: PagedFile, number: number, below: number[]): boolean {
  const page = readPage(paged, number);
  if (page === undefined) return false;
  const flags = page.readUInt16LE(header.flags) & (branchFlag | leafFlag);
  if (flags !== branchFlag && flags !== leafFlag) return false;
  const count = page.readUInt16LE(header.nodesEnd) >> 1;
  if (header.bytes + 2 * count > page.length) return false;
  for (let index = 0; index < count; index++) {
    const at = header.bytes + page.readUInt16LE(header.bytes + 2 * index);
    if (at + node.key > page.length) return false;
    if (flags === branchFlag) below.push(pageBelow(page, at));
    else if (!isValueThere(paged, page, at)) return false;
  }
  return true;
}

function pageBelow(page: Buffer, at: number): number {
  const low = page.readUInt16LE(at + node.low) + page.readUInt16LE(at + node.high) * 2 ** 16;
  return low + page.readUInt16LE(at + node.flags) * 2 ** 32;
}

function isValueThere(paged: PagedFile, page: Buffer, at: number): boolean {
  if ((page.readUInt16LE(at + node.flags) & elsewhereFlag) === 0) return true;
  const value = at + node.key + page.readUInt16LE(at + node.keyLength);
  if (value + elsewhere.end > page.length) return false;
  const first = Number(page.readBigUInt64LE(value + elsewhere.page));
  const count = Number(page.readBigUInt64LE(value + elsewhere.count));
  const isThere = readPage(paged, first) !== undefined;
  return isThere && (first + count) * paged.pageSize <= paged.bytes;
}

/** A page that is there as a whole and says that it is the one. */
function readPage({ file, bytes, pageSize }: PagedFile, number: number): Buffer | undefined {
  const at = number * pageSize;
  if (number < firstTreePage || at + pageSize > bytes) return undefined;
  const page = Buffer.alloc(pageSize);
  if (readSync(file, page, 0, pageSize, at) < pageSize) return undefined;
  return page.readBigUInt64LE(header.page) === BigInt(number) ? page : undefined;
}

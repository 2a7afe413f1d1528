// Whether a file of LMDB has all the pages that are in use: those of its trees, and those that large
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

/** The number of a page that is in use and is missing or something else; undefined where there is none. */
export function findMissingPage(paged: PagedFile): number | undefined {
  for (const root of paged.roots) {
    if (root === nowhere) continue;
    const missing = findBelow(paged, Number(root), 1);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

/** As {@link findMissingPage}, of the pages where the trees begin. */
export function findMissingRoot(paged: PagedFile): number | undefined {
  const roots = paged.roots.filter((root) => root !== nowhere).map(Number);
  return roots.find((root) => readPage(paged, root) === undefined);
}

function findBelow(paged: PagedFile, number: number, depth: number): number | undefined {
  const page = depth > depthMax ? undefined : readPage(paged, number);
  if (page === undefined) return number;
  const flags = page.readUInt16LE(header.flags) & (branchFlag | leafFlag);
  if (flags !== branchFlag && flags !== leafFlag) return number;
  const count = page.readUInt16LE(header.nodesEnd) >> 1;
  if (header.bytes + 2 * count > page.length) return number;
  for (let index = 0; index < count; index++) {
    const at = header.bytes + page.readUInt16LE(header.bytes + 2 * index);
    if (at + node.key > page.length) return number;
    const missing =
      flags === branchFlag
        ? findBelow(paged, pageBelow(page, at), depth + 1)
        : findValue(paged, page, at, number);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

function pageBelow(page: Buffer, at: number): number {
  const low = page.readUInt16LE(at + node.low) + page.readUInt16LE(at + node.high) * 2 ** 16;
  return low + page.readUInt16LE(at + node.flags) * 2 ** 32;
}

function findValue(
  paged: PagedFile,
  page: Buffer,
  at: number,
  pageNumber: number,
): number | undefined {
  if ((page.readUInt16LE(at + node.flags) & elsewhereFlag) === 0) return undefined;
  const value = at + node.key + page.readUInt16LE(at + node.keyLength);
  if (value + elsewhere.end > page.length) return pageNumber;
  const first = Number(page.readBigUInt64LE(value + elsewhere.page));
  const count = Number(page.readBigUInt64LE(value + elsewhere.count));
  const isThere = readPage(paged, first) !== undefined;
  return isThere && (first + count) * paged.pageSize <= paged.bytes ? undefined : first;
}

/** A page that is there as a whole and says that it is the one. */
function readPage({ file, bytes, pageSize }: PagedFile, number: number): Buffer | undefined {
  const at = number * pageSize;
  if (number < firstTreePage || at + pageSize > bytes) return undefined;
  const page = Buffer.alloc(pageSize);
  if (readSync(file, page, 0, pageSize, at) < pageSize) return undefined;
  return page.readBigUInt64LE(header.page) === BigInt(number) ? page : undefined;
}

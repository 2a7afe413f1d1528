// A look at LMDB's file before it is mapped: LMDB trusts it, and a process that maps a file which ends too
// early, or begins with something else, is killed without a word; one whose trees lead nowhere is read as if it
// were empty, or ends the process with an assertion at the next checkpoint. Two meta pages stand at the front;
// the newer one says how many pages there are, and where the trees begin.
//
// So the pages of the trees are looked at (check-pages.ts), from the roots on, as many as take no time. A file may
// be shorter than it says and in good order: LMDB does not write free pages at the end. Of a short file every page
// that is in use is looked for; that takes time, so the file is made as long as it says after each transaction: only
// a crash just then, or damage, leaves a short one.

import { closeSync, existsSync, fstatSync, openSync, readSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { findMissingPage } from "./check-pages.js";

/** Offsets within a meta page: its own header has 24 bytes. */
const layout = {
  flags: 18,
  magic: 24,
  version: 28,
  pageSize: 48,
  freeRoot: 88,
  mainRoot: 136,
  lastPage: 144,
  transaction: 152,
  end: 160,
};
const metaFlag = 0x08;
const magicNumber = 0xbeefc0de;
const knownVersion = 2;
const smallestPage = 4_096;
const largestPage = 65_536;
/** Of a file of full length: some 0.1 s, and the whole of a store of 64 MiB. */
const pagesLookedAt = 16_384;

/** What is wrong with the file; undefined where it looks right, or is not there yet. */
export function findDamage(directory: string): string | undefined {
  return withFile(directory, undefined, (file, bytes, path) => {
    const metas = readMetas(file);
    if (metas === undefined) return `${path} does not begin as a store does`;
    const { pageSize, roots, bytesWanted } = metas;
    const isShort = bytes < bytesWanted;
    const pagesMax = isShort ? Infinity : pagesLookedAt;
    const missing = findMissingPage({ file, bytes, pageSize, roots }, pagesMax);
    if (missing === undefined) return undefined;
    const sizes = isShort ? `${String(bytes)} bytes of ${String(bytesWanted)}, and ` : "";
    return `${path} has ${sizes}a page ${String(missing)} that is not what it must be`;
  });
}

/** Makes a short file as long as it says, with nothing, which takes no room. */
export function fillUp(directory: string): void {
  const wanted = withFile(directory, 0, (file, bytes) => {
    const bytesWanted = readMetas(file)?.bytesWanted ?? 0;
    return bytes < bytesWanted ? bytesWanted : 0;
  });
  if (wanted > 0) truncateSync(pathIn(directory), wanted);
}

function pathIn(directory: string): string {
  return join(directory, "data.mdb");
}

function withFile<T>(
  directory: string,
  absent: T,
  look: (file: number, bytes: number, path: string) => T,
): T {
  const path = pathIn(directory);
  if (!existsSync(path)) return absent;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    return size === 0 ? absent : look(file, size, path);
  } finally {
    closeSync(file);
  }
}

interface Meta {
  readonly pageSize: number;
  /** Of the trees of free pages and of rows. */
  readonly roots: readonly bigint[];
  readonly bytesWanted: number;
  readonly transaction: bigint;
}

/** The newer of the two, if both are in order. */
function readMetas(file: number): Meta | undefined {
  const first = readMeta(file, 0);
  const second = first === undefined ? undefined : readMeta(file, first.pageSize);
  if (first === undefined || second === undefined) return undefined;
  return first.transaction > second.transaction ? first : second;
}

function readMeta(file: number, at: number): Meta | undefined {
  const page = Buffer.alloc(layout.end);
  if (readSync(file, page, 0, layout.end, at) < layout.end) return undefined;
  if ((page.readUInt16LE(layout.flags) & metaFlag) === 0) return undefined;
  if (page.readUInt32LE(layout.magic) !== magicNumber) return undefined;
  if (page.readUInt32LE(layout.version) !== knownVersion) return undefined;
  const pageSize = page.readUInt32LE(layout.pageSize);
  if (pageSize < smallestPage || pageSize > largestPage) return undefined;
  const bytesWanted = (Number(page.readBigUInt64LE(layout.lastPage)) + 1) * pageSize;
  if (!Number.isSafeInteger(bytesWanted)) return undefined;
  return {
    pageSize,
    roots: [page.readBigUInt64LE(layout.freeRoot), page.readBigUInt64LE(layout.mainRoot)],
    bytesWanted,
    transaction: page.readBigUInt64LE(layout.transaction),
  };
}

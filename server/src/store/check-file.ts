// A look at LMDB's file before it is mapped: LMDB trusts it, and a process that maps a file which ends too
// early, or begins with something else, is killed without a word. Two meta pages stand at the front; the
// newer one says how many pages there are.

import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** Offsets within a meta page: after the page's own header of 24 bytes. */
const layout = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152, end: 160 };
const magicNumber = 0xbeefc0de;
const knownVersion = 2;
const smallestPage = 4_096;

/** What is wrong with the file; undefined where it looks right, or is not there yet. */
export function findDamage(directory: string): string | undefined {
  const path = join(directory, "data.mdb");
  if (!existsSync(path)) return undefined;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined;
    return checkMetas(file, size, path);
  } finally {
    closeSync(file);
  }
}

function checkMetas(file: number, size: number, path: string): string | undefined {
  const first = readMeta(file, 0);
  if (first === undefined) return `${path} does not begin as a store does`;
  const second = readMeta(file, first.pageSize);
  if (second === undefined) return `the second page of ${path} is not what it must be`;
  const { lastPage } = first.transaction > second.transaction ? first : second;
  const bytes = (lastPage + 1) * first.pageSize;
  if (size >= bytes) return undefined;
  return `${path} has ${String(size)} bytes of ${String(bytes)}: its end is missing`;
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
}

function readMeta(file: number, at: number): Meta | undefined {
  const page = Buffer.alloc(layout.end);
  if (readSync(file, page, 0, layout.end, at) < layout.end) return undefined;
  if (page.readUInt32LE(layout.magic) !== magicNumber) return undefined;
  if (page.readUInt32LE(layout.version) !== knownVersion) return undefined;
  const pageSize = page.readUInt32LE(layout.pageSize);
  if (pageSize < smallestPage) return undefined;
  return {
    pageSize,
    lastPage: Number(page.readBigUInt64LE(layout.lastPage)),
    transaction: Number(page.readBigUInt64LE(layout.transaction)),
  };
}

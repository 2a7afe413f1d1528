// Large bodies of records lie in files of their own beside the segments: written and synced before the batch that names
// them, a piece at a time, so that no batch waits for them. A record then holds a reference (body-reference.ts).
//
//   B1. A body and its file's name are durable before anything names it: a record that can be read has a body that can.
//   B2. A file is written again only when the record that named it is trimmed. Its content is then older than what replay
//       begins with, and is never read.
//   B3. What no record names is of no use: an earlier process ended before it could append. It is used again.

import { randomBytes } from "node:crypto";
import { crc32c } from "@node-rs/crc32";
import { lengthOf } from "@perdure/protocol/bytes";
import type { BodyReference } from "./body-reference.js";
import type { DiskDirectory, DiskFile } from "./disk.js";
import type { StoredBody } from "./event-log.js";
import { LogFailure, postponedBy } from "./log-error.js";
import { bodyName, bodyNumberOf } from "./segment-files.js";
import { Turns } from "./turns.js";

/**
 * Written and synced at a time, of all bodies together: what a batch has to wait for at most, where the disk takes one
 * after the other.
 */
const pieceBytes = 512 * 1024;
/** Bodies that are under way at the same time, each with an open file. They take turns, a piece at a time. */
const bodiesMax = 8;
/** What is kept to be used again: as much as of segments. */
const freeBytesMax = 128 * 1024 * 1024;
const freeFilesMax = 64;

interface BodyFile {
  readonly number: number;
  bytes: number;
}

export class BodyFiles {
  readonly #directory: DiskDirectory;
  readonly #free: BodyFile[] = [];
  /** Those that hold something, and the position of the record that names it: Infinity while none does. */
  readonly #used = new Map<number, { readonly file: BodyFile; position: number }>();
  #nextNumber = 1;
  readonly #bodies = new Turns(bodiesMax);
  readonly #pieces = new Turns(1);

  constructor(directory: DiskDirectory) {
    this.#directory = directory;
  }

  /** @param named  the bodies that records name which are not in the tables, by the number of their files */
  adopt(named: ReadonlyMap<number, number>): void {
    for (const name of this.#directory.names()) {
      const number = bodyNumberOf(name);
      if (number === undefined) continue;
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
      const file = { number, bytes: this.#sizeOf(name) };
      const position = named.get(number);
      if (position === undefined) this.#letGo(file);
      else this.#used.set(number, { file, position });
    }
  }

  /**
   * Writes a body; it is durable when this resolves.
   * @throws DiskFull, TooManyFiles  nothing is kept of it.
   * @throws LogFailure  it can't be written.
   */
  write(parts: readonly Uint8Array[]): Promise<StoredBody> {
    return this.#bodies.take(() => this.#write(parts, lengthOf(parts)));
  }

  /** The record has its place. */
  named({ number }: BodyReference, position: number): void {
    const used = this.#used.get(number);
    if (used !== undefined) used.position = position;
  }

  /** No record will name it. */
  drop({ number }: BodyReference): void {
    const used = this.#used.get(number);
    if (used === undefined) return;
    this.#used.delete(number);
    this.#letGo(used.file);
  }

  /** Records with positions below `before` are no longer needed. */
  trim(before: number): void {
    for (const [number, { file, position }] of this.#used) {
      if (position >= before) continue;
      this.#used.delete(number);
      this.#letGo(file);
    }
  }

  /** Removes the files that hold nothing. */
  giveUpFree(): void {
    for (let file = this.#free.pop(); file !== undefined; file = this.#free.pop()) {
      this.#directory.remove(bodyName(file.number));
    }
  }

  async #write(parts: readonly Uint8Array[], bytes: number): Promise<StoredBody> {
    const known = this.#takeFree(bytes);
    const file = known ?? { number: this.#nextNumber++, bytes: 0 };
    try {
      const name = bodyName(file.number);
      const opened =
        known === undefined ? this.#directory.create(name) : this.#directory.open(name);
      this.#used.set(file.number, { file, position: Infinity });
      const id = randomBytes(8);
      const checksum = await this.#fill(opened, file, parts, crc32c(id));
      if (known === undefined) await this.#directory.sync();
      return { reference: { number: file.number, bytes, id, checksum } };
    } catch (error) {
      const postponed = postponedBy(error, this.#directory.path, bytes);
      if (postponed === undefined) throw new LogFailure(this.#directory.path, error);
      if (this.#used.delete(file.number)) this.#directory.remove(bodyName(file.number));
      throw postponed;
    }
  }

  /** Returns the checksum of what was written. */
  async #fill(
    opened: DiskFile,
    file: BodyFile,
    parts: readonly Uint8Array[],
    seed: number,
  ): Promise<number> {
    let checksum = seed;
    let offset = 0;
    try {
      for (const pieces of groupsOf(parts)) {
        for (const piece of pieces) checksum = crc32c(piece, checksum);
        offset = await this.#pieces.take(() => writeSynced(opened, pieces, offset));
      }
      return checksum;
    } finally {
      file.bytes = opened.size();
      opened.close();
    }
  }

  /** The smallest that is large enough, or else the largest: it grows. */
  #takeFree(bytes: number): BodyFile | undefined {
    this.#free.sort((one, other) => one.bytes - other.bytes);
    const fitting = this.#free.findIndex((file) => file.bytes >= bytes);
    return this.#free.splice(fitting, 1)[0];
  }

  #letGo(file: BodyFile): void {
    const freeBytes = this.#free.reduce((sum, { bytes }) => sum + bytes, file.bytes);
    if (freeBytes <= freeBytesMax && this.#free.length < freeFilesMax) this.#free.push(file);
    else this.#directory.remove(bodyName(file.number));
  }

  #sizeOf(name: string): number {
    const file = this.#directory.open(name);
    try {
      return file.size();
    } finally {
      file.close();
    }
  }
}

/** What is written and synced at a time: some small parts together, or a piece of a large one. */
function* groupsOf(parts: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let group: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; from += pieceBytes) {
      const piece = part.subarray(from, from + pieceBytes);
      group.push(piece);
      bytes += piece.length;
      if (bytes < pieceBytes) continue;
      yield group;
      group = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield group;
}

/** Returns where the next piece goes. */
async function writeSynced(
  file: DiskFile,
  pieces: readonly Uint8Array[],
  offset: number,
): Promise<number> {
  let at = offset;
  for (const piece of pieces) {
    await file.writeLater(piece, at);
    at += piece.length;
  }
  await file.sync();
  return at;
}

/** Undefined where the file is not there, or does not hold what was written. */
export async function readBody(
  directory: DiskDirectory,
  { number, bytes, id, checksum }: BodyReference,
): Promise<Uint8Array | undefined> {
  const name = bodyName(number);
  if (!directory.names().includes(name)) return undefined;
  const file = directory.open(name);
  try {
    // Before memory is set aside for it.
    if (file.size() < bytes) return undefined;
    const body = new Uint8Array(bytes);
    if ((await file.read(body, 0)) < bytes) return undefined;
    return crc32c(body, crc32c(id)) === checksum ? body : undefined;
  } finally {
    file.close();
  }
}

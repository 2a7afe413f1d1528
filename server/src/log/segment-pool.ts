// Where segments come from and go to: files whose blocks are really written, so that a sync of a batch
// has no metadata to write. A spare is prepared in the background; segments that are let go become
// spares by rename.
//
//   S1. A file is called spare only when every block of it is written and synced. One that is made for a single batch that
//       is larger than a segment is synced with that batch; as a spare it is never used.
//   S2. A file that was a segment is used again only after its new name is durable; else a power
//       loss could bring the old name back with new content.

import type { DiskDirectory, DiskFile } from "./disk.js";
import { preparingName, preparingNumberOf, spareName, spareNumberOf } from "./segment-files.js";
import { runLater, writing, type Steps } from "./steps.js";

/** A file taken from the pool: open, written all over, not yet a part of the log. */
export interface TakenFile {
  readonly name: string;
  readonly file: DiskFile;
  readonly bytes: number;
}

interface Spare {
  readonly name: string;
  readonly bytes: number;
}

// Made on the spot when no spare is ready (right after the first start): quick, and soon full.
const smallSegmentBytes = 1024 * 1024;
// Written zeros are synced in pieces, so that no sync of a batch waits for a long one.
const pieceBytes = 256 * 1024;
// Where nothing waits for a sync, more is written at a time, beside the loop.
const largePieceBytes = 1024 * 1024;
// What a checkpoint lets go of is what the log needs until the next one.
const sparesMax = 8;

export class SegmentPool {
  readonly #directory: DiskDirectory;
  readonly #segmentBytes: number;
  readonly #ready: Spare[] = [];
  #nextNumber = 1;
  #preparing: Promise<void> | undefined;
  #closed = false;

  constructor(directory: DiskDirectory, segmentBytes: number) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
  }

  /** Takes over what an earlier run left; removes what is of no use. */
  adopt(): void {
    for (const name of this.#directory.names()) {
      const number = spareNumberOf(name) ?? preparingNumberOf(name);
      if (number === undefined) continue;
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
      if (this.#isUsable(name)) this.#ready.push({ name, bytes: this.#segmentBytes });
      else this.#directory.remove(name);
    }
  }

  /** How large a file `take` would have to make; undefined where a spare serves. */
  missingBytes(bytesNeeded: number): number | undefined {
    if (bytesNeeded > this.#segmentBytes) return wholePages(bytesNeeded);
    if (this.#ready.length > 0) return undefined;
    const small = Math.max(smallSegmentBytes, wholePages(bytesNeeded));
    return Math.min(small, this.#segmentBytes);
  }

  /** A file of at least `bytesNeeded`: a spare, or one made on the spot. Throws as the disk does. */
  *take(bytesNeeded: number): Steps<TakenFile> {
    const missing = this.missingBytes(bytesNeeded);
    if (missing !== undefined) return yield* this.#make(missing);
    const [spare] = this.#ready;
    if (spare === undefined) throw new Error("the pool of segments has no spare");
    const file = this.#directory.open(spare.name);
    this.#ready.shift();
    return { ...spare, file };
  }

  /** What was taken did not become a segment: it is removed. */
  discard({ name, file }: TakenFile): void {
    file.close();
    this.#directory.remove(name);
  }

  /** Has a spare written in the background if none is ready. */
  prepare(): void {
    if (this.#closed || this.#preparing !== undefined || this.#ready.length > 0) return;
    this.#preparing = runLater(this.#make(this.#segmentBytes))
      .then(
        ({ name, bytes, file }) => {
          file.close();
          this.#ready.push({ name, bytes });
        },
        // A failure (a full disk, mostly) is no harm yet: `take` meets it again and tells the caller.
        () => undefined,
      )
      .finally(() => {
        this.#preparing = undefined;
      });
  }

  /** Takes a segment out of the log. Durable when it resolves. */
  async recycle(name: string, bytes: number): Promise<void> {
    if (bytes !== this.#segmentBytes || this.#ready.length >= sparesMax) {
      this.#directory.remove(name);
      await this.#directory.sync();
      return;
    }
    const spare = { name: spareName(this.#nextNumber++), bytes };
    this.#directory.rename(name, spare.name);
    await this.#directory.sync();
    this.#ready.push(spare);
  }

  /** Removes the spares. The next segment is made on the spot. */
  giveUpSpares(): void {
    for (let spare = this.#ready.pop(); spare !== undefined; spare = this.#ready.pop()) {
      this.#directory.remove(spare.name);
    }
  }

  /** Stops the preparation of a spare and waits for that. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#preparing;
  }

  #isUsable(name: string): boolean {
    if (spareNumberOf(name) === undefined || this.#ready.length >= sparesMax) return false;
    const file = this.#directory.open(name);
    try {
      return file.size() === this.#segmentBytes;
    } finally {
      file.close();
    }
  }

  *#make(bytes: number): Steps<TakenFile> {
    const number = this.#nextNumber++;
    const preparing = preparingName(number);
    const file = this.#directory.create(preparing);
    try {
      yield* this.#writeZeros(file, bytes);
    } catch (error) {
      file.close();
      this.#directory.remove(preparing);
      throw error;
    }
    const name = spareName(number);
    this.#directory.rename(preparing, name);
    return { name, bytes, file };
  }

  *#writeZeros(file: DiskFile, bytes: number): Steps<void> {
    const isForOneBatch = bytes > this.#segmentBytes;
    const zeros = new Uint8Array(Math.min(bytes, isForOneBatch ? largePieceBytes : pieceBytes));
    for (let offset = 0; offset < bytes; offset += zeros.length) {
      if (this.#closed) throw new Error("the log was closed while a segment was being prepared");
      const piece = zeros.subarray(0, Math.min(zeros.length, bytes - offset));
      if (isForOneBatch) yield writing(file, piece, offset);
      else {
        file.write(piece, offset);
        yield file;
      }
    }
  }
}

function wholePages(bytes: number): number {
  return Math.ceil(bytes / 4096) * 4096;
}

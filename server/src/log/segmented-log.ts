// The event log as segments on a local disk: what is appended goes into the current segment with one
// write and one sync. Opening and checking what is there is recovery.ts; where segments come from is
// segment-pool.ts.
//
//   A1. A batch is written only after the batch before it is durable, so each batch can name all before
//       it as synced, and at most the last batch of a log can be torn.
//   A2. A segment gets its name only when its header and first batch are durable, and its first batch is
//       acknowledged only when the name is.
//   A3. After a failed write or sync nothing is written any more: what is durable is unknown. But where a batch finds no
//       room, it alone is in doubt (A1), and may be tried again: the same bytes go to the same place. The first batch of a
//       segment goes to another file instead, since the one that found no room is no part of the log yet.

import { randomBytes } from "node:crypto";
import { invariant, InvariantViolation } from "@perdure/protocol/assert";
import { BatchEncoder, encodedBytes } from "./batch-encoder.js";
import { batchHeaderBytes } from "./batch-format.js";
import type { DiskDirectory, DiskFile } from "./disk.js";
import type { BodyFiles } from "./body-files.js";
import { bodyApartFlag, type EventLog, type LogRecord, type StoredBody } from "./event-log.js";
import { DiskFull, isPostponed, LogClosed, LogFailure, postponedBy } from "./log-error.js";
import type { PartitionPositions } from "./partition-positions.js";
import type { Recovered, Segment } from "./recovery.js";
import { segmentName } from "./segment-files.js";
import { checksumSeed, encodeSegmentHeader, segmentHeaderBytes } from "./segment-header.js";
import type { SegmentPool, TakenFile } from "./segment-pool.js";
import { runLater, runNow, writing, type Steps } from "./steps.js";

/** The segment that is being written. */
interface CurrentSegment {
  readonly file: DiskFile;
  readonly bytes: number;
  readonly seed: number;
  /** Where the next batch goes. */
  offset: number;
}

// What one write takes everywhere, and a u32 holds.
const batchBytesMax = 1024 * 1024 * 1024;
/** What is larger is written beside the loop. */
const pieceBytes = 256 * 1024;

export class SegmentedLog implements EventLog {
  readonly #directory: DiskDirectory;
  readonly #pool: SegmentPool;
  readonly #bodies: BodyFiles;
  readonly #encoder = new BatchEncoder();
  readonly #partitions: PartitionPositions;
  /** Oldest first; the last one is the current one, once there is one. */
  readonly #segments: Segment[];
  #nextIndex: number;
  /** Undefined until the first append: each start opens a new segment, but not before it needs it. */
  #current: CurrentSegment | undefined;
  #previousChecksum: number;
  #lastPosition: number;
  #syncedPosition: number;
  #isAppending = false;
  #appending: Promise<unknown> = Promise.resolve();
  readonly #storing = new Set<Promise<unknown>>();
  #trimming: Promise<unknown> = Promise.resolve();
  #failure: LogFailure | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    directory: DiskDirectory,
    pool: SegmentPool,
    bodies: BodyFiles,
    recovered: Recovered,
  ) {
    this.#directory = directory;
    this.#pool = pool;
    this.#bodies = bodies;
    this.#partitions = recovered.partitions;
    this.#segments = [...recovered.segments];
    this.#nextIndex = recovered.nextIndex;
    this.#previousChecksum = recovered.lastChecksum;
    this.#lastPosition = recovered.lastPosition;
    this.#syncedPosition = recovered.lastPosition;
  }

  get syncedPosition(): number {
    return this.#syncedPosition;
  }

  get lastPosition(): number {
    return this.#lastPosition;
  }

  append(batch: readonly LogRecord[]): Promise<number> {
    const isFirst = !this.#isAppending;
    const appending = runLater(this.#append(batch));
    if (isFirst) this.#appending = appending;
    return appending;
  }

  appendSync(batch: readonly LogRecord[]): number {
    return runNow(this.#append(batch));
  }

  async storeBody(parts: readonly Uint8Array[]): Promise<StoredBody> {
    this.#assertWritable();
    const storing = this.#bodies.write(parts);
    this.#storing.add(storing);
    try {
      return await storing;
    } catch (error) {
      if (error instanceof LogFailure) this.#failure ??= error;
      if (error instanceof DiskFull) this.giveUpSpareFiles();
      throw error;
    } finally {
      this.#storing.delete(storing);
    }
  }

  dropBody({ reference }: StoredBody): void {
    this.#bodies.drop(reference);
  }

  giveUpSpareFiles(): void {
    if (this.#failure !== undefined) return;
    try {
      this.#bodies.giveUpFree();
      this.#pool.giveUpSpares();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  trim(before: number): Promise<void> {
    const trimming = this.#trimming.then(() => this.#trim(before));
    this.#trimming = trimming.catch(() => undefined);
    return trimming;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  *#append(batch: readonly LogRecord[]): Steps<number> {
    this.#assertWritable();
    invariant(!this.#isAppending, "one append at a time");
    if (batch.length === 0) return this.#lastPosition;
    const length = encodedBytes(batch);
    invariant(length <= batchBytesMax, "a batch is smaller than 1 GiB");
    invariant(
      !batch.some(({ flags }) => (flags & bodyApartFlag) !== 0),
      "the flag is the log's own",
    );
    const problem = this.#partitions.admit(batch);
    if (problem !== undefined) throw new InvariantViolation(problem);
    const lastPosition = this.#lastPosition;
    const previousChecksum = this.#previousChecksum;
    this.#isAppending = true;
    try {
      const current = this.#current;
      if (current === undefined || !hasRoom(current, length)) {
        yield* this.#appendToNext(batch, length);
      } else {
        yield* this.#appendToCurrent(current, batch, length);
      }
      this.#syncedPosition = this.#lastPosition;
      this.#nameBodies(batch);
      return this.#lastPosition;
    } catch (error) {
      if (!isPostponed(error)) throw this.#fail(error);
      this.#lastPosition = lastPosition;
      this.#previousChecksum = previousChecksum;
      this.#partitions.withdraw(batch);
      if (error instanceof DiskFull) this.giveUpSpareFiles();
      throw error;
    } finally {
      this.#isAppending = false;
    }
  }

  /** What a trim may let go of, and when. */
  #nameBodies(batch: readonly LogRecord[]): void {
    const before = this.#lastPosition - batch.length;
    for (const [index, { stored }] of batch.entries()) {
      if (stored !== undefined) this.#bodies.named(stored.reference, before + index + 1);
    }
  }

  /** @throws DiskFull  the segment is as it was. A disk may be full here where it copies what is overwritten, or compresses it. */
  *#appendToCurrent(
    current: CurrentSegment,
    batch: readonly LogRecord[],
    length: number,
  ): Steps<void> {
    const { offset } = current;
    try {
      yield* this.#write(current, batch, length);
      yield current.file;
    } catch (error) {
      const postponed = postponedBy(error, this.#directory.path, length);
      if (postponed === undefined) throw error;
      current.offset = offset;
      throw postponed;
    }
  }

  *#appendToNext(batch: readonly LogRecord[], length: number): Steps<void> {
    const index = this.#nextIndex;
    const firstPosition = this.#lastPosition + 1;
    const name = segmentName(index);
    const next = yield* this.#writeFirst(name, batch, length);
    yield this.#directory;
    this.#current?.file.close();
    this.#current = next;
    this.#segments.push({ name, index, firstPosition, bytes: next.bytes });
    this.#nextIndex = index + 1;
    this.#pool.prepare();
  }

  /** A new segment with its first batch. @throws DiskFull, TooManyFiles  there is none */
  *#writeFirst(name: string, batch: readonly LogRecord[], length: number): Steps<CurrentSegment> {
    const lastPosition = this.#lastPosition;
    const bytesNeeded = segmentHeaderBytes + length + batchHeaderBytes;
    const missing = this.#pool.missingBytes(bytesNeeded) ?? 0;
    let taken: TakenFile | undefined;
    try {
      taken = yield* this.#pool.take(bytesNeeded);
      const { file, bytes } = taken;
      const header = {
        id: randomBytes(8),
        index: this.#nextIndex,
        firstPosition: lastPosition + 1,
        bytes,
        // True once the file has the name of a segment, and not read before.
        syncedPosition: lastPosition + batch.length,
        previousChecksum: this.#previousChecksum,
      };
      const seed = checksumSeed(header);
      const segment: CurrentSegment = { file, bytes, seed, offset: segmentHeaderBytes };
      file.write(encodeSegmentHeader(header), 0);
      yield* this.#write(segment, batch, length);
      yield file;
      this.#directory.rename(taken.name, name);
      return segment;
    } catch (error) {
      const postponed = postponedBy(error, this.#directory.path, taken?.bytes ?? missing);
      if (postponed === undefined) throw error;
      if (taken !== undefined) this.#pool.discard(taken);
      throw postponed;
    }
  }

  *#write(segment: CurrentSegment, batch: readonly LogRecord[], length: number): Steps<void> {
    const encoded = this.#encoder.encode(batch, length, {
      seed: segment.seed,
      firstPosition: this.#lastPosition + 1,
      syncedPosition: this.#syncedPosition,
      previousChecksum: this.#previousChecksum,
    });
    for (const piece of encoded.pieces) {
      if (piece.length <= pieceBytes) segment.file.write(piece, segment.offset);
      else yield writing(segment.file, piece, segment.offset);
      segment.offset += piece.length;
    }
    this.#lastPosition += batch.length;
    if (batch.length > 0) this.#previousChecksum = encoded.checksum;
  }

  async #trim(before: number): Promise<void> {
    this.#assertWritable();
    try {
      this.#bodies.trim(before);
    } catch (error) {
      throw this.#fail(error);
    }
    for (;;) {
      const [oldest, next] = this.#segments;
      if (oldest === undefined || next === undefined || next.firstPosition > before) return;
      try {
        // One at a time, oldest first: what is left is a log without a gap at every instant.
        await this.#pool.recycle(oldest.name, oldest.bytes);
      } catch (error) {
        throw this.#fail(error);
      }
      this.#segments.shift();
    }
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#appending, this.#trimming, ...this.#storing]);
    await this.#pool.close();
    try {
      if (this.#failure === undefined) await runLater(this.#noteEnd());
    } finally {
      this.#current?.file.close();
      this.#directory.close();
    }
  }

  /** Says that all is synced, so that later damage to the last batch is not taken for a torn tail. A full disk goes without. */
  *#noteEnd(): Steps<void> {
    const current = this.#current;
    if (current === undefined) return;
    try {
      yield* this.#write(current, [], batchHeaderBytes);
      yield current.file;
    } catch (error) {
      if (postponedBy(error, this.#directory.path, batchHeaderBytes) !== undefined) return;
      throw this.#fail(error);
    }
  }

  #assertWritable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing !== undefined) throw new LogClosed(this.#directory.path);
  }

  #fail(cause: unknown): LogFailure {
    this.#failure ??= new LogFailure(this.#directory.path, cause);
    return this.#failure;
  }
}

/** Room for a batch and, behind it, for the note that a closed log ends in. */
function hasRoom(segment: CurrentSegment, length: number): boolean {
  return segment.offset + length + batchHeaderBytes <= segment.bytes;
}

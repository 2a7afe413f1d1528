// Reads a log from its first segment to its end, checks everything, and says where writing goes on.
// It changes nothing.
//
//   R1. A batch is delivered whole and exactly as it was written, or not at all.
//   R2. What can't be read, but is at or below a position that anything later names as synced (a batch
//       further on, the header of a later segment, the tables), is damage: opening is refused.
//   R3. What can't be read and is above all those was never acknowledged: a torn tail, cut.

import {
  claimedBatchBytes,
  readBatchHeader,
  readRecords,
  syncedPositionNamedAfter,
  type BatchHeader,
  type SegmentContent,
} from "./batch-reader.js";
import { readBody } from "./body-files.js";
import { decodeBodyReference } from "./body-reference.js";
import type { DiskDirectory } from "./disk.js";
import { bodyApartFlag, type PositionedRecord } from "./event-log.js";
import { LogDamaged, LogErrorCode, type LogDamageCode } from "./log-error.js";
import { PartitionPositions } from "./partition-positions.js";
import { bodyNumberOf } from "./segment-files.js";
import { segmentHeaderBytes, type SegmentHeader } from "./segment-header.js";
import { findSegments, SegmentSource, type FoundSegment } from "./segment-source.js";

export interface RecoveryOptions {
  readonly directory: DiskDirectory;
  /** The first position that the tables do not hold. */
  readonly replayFrom: number;
  readonly onRecord: (record: PositionedRecord) => void;
  /** "refuse" throws at damage; "cut" gives up what can't be read and all that follows it. */
  readonly damage: "refuse" | "cut";
}

/** A segment that belongs to the log. */
export interface Segment {
  readonly name: string;
  readonly index: number;
  readonly firstPosition: number;
  readonly bytes: number;
}

export interface Recovered {
  /** Oldest first, contiguous; the last one has records. */
  readonly segments: readonly Segment[];
  /** Which index the next segment gets. */
  readonly nextIndex: number;
  readonly lastPosition: number;
  /** CRC of the last batch with records; 0 where there is none. */
  readonly lastChecksum: number;
  readonly partitions: PartitionPositions;
  readonly replayed: number;
  readonly tornBytes: number;
  /** The last batch, if nothing names it as synced: it may be in the page cache alone. */
  readonly unconfirmed: UnconfirmedBatch | undefined;
  /** Of the bodies apart that were delivered: the positions of their records, by the numbers of their files. */
  readonly bodies: ReadonlyMap<number, number>;
  /** Names of files that a cut gives up. */
  readonly givenUp: readonly string[];
}

export interface UnconfirmedBatch {
  readonly name: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export function recover(options: RecoveryOptions): Promise<Recovered> {
  return new Recovery(options).run();
}

class Recovery {
  readonly #options: RecoveryOptions;
  readonly #source: SegmentSource;
  #segments: Segment[] = [];
  #partitions = new PartitionPositions();
  #nextPosition = 1;
  #lastChecksum = 0;
  #bodies = new Map<number, number>();
  #unconfirmed: UnconfirmedBatch | undefined;
  /** The highest position that a header read so far names as synced. */
  #synced = 0;
  #replayed = 0;
  #tornBytes = 0;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#source = new SegmentSource(options.directory);
  }

  async run(): Promise<Recovered> {
    const found = await findSegments(this.#options.directory);
    for (const { header } of found) this.#noteSynced(header?.syncedPosition ?? 0);
    const isCut = await this.#readAll(found);
    const kept = new Set(this.#segments.map((segment) => segment.name));
    const names = found.map((segment) => segment.name);
    return {
      segments: this.#segments,
      nextIndex: (this.#segments.at(-1)?.index ?? 0) + 1,
      lastPosition: this.#nextPosition - 1,
      lastChecksum: this.#lastChecksum,
      partitions: this.#partitions,
      replayed: this.#replayed,
      tornBytes: this.#tornBytes,
      unconfirmed: this.#unconfirmed,
      bodies: this.#bodies,
      givenUp: isCut ? [...names.filter((name) => !kept.has(name)), ...this.#bodiesGivenUp()] : [],
    };
  }

  #bodiesGivenUp(): string[] {
    return this.#options.directory.names().filter((name) => {
      const number = bodyNumberOf(name);
      return number !== undefined && !this.#bodies.has(number);
    });
  }

  /** Returns whether something had to be cut. */
  async #readAll(found: readonly FoundSegment[]): Promise<boolean> {
    const { replayFrom, damage } = this.#options;
    try {
      for (const [ordinal, segment] of found.entries()) {
        await this.#readSegment(segment, found[ordinal + 1]);
      }
      if (this.#nextPosition < replayFrom) {
        const what = `the log ends there, but the tables hold events up to ${replayFrom - 1}`;
        throw this.#refusal(LogErrorCode.behindTables, what);
      }
      return false;
    } catch (error) {
      if (damage === "refuse" || !(error instanceof LogDamaged)) throw error;
    }
    this.#cut(replayFrom);
    return true;
  }

  /** Keeps what could be read, unless the tables are ahead of it: then it is of no use to them. */
  #cut(replayFrom: number): void {
    if (this.#nextPosition < replayFrom) {
      this.#segments = [];
      this.#partitions = new PartitionPositions();
      this.#nextPosition = replayFrom;
      this.#lastChecksum = 0;
      this.#unconfirmed = undefined;
    } else if (this.#segments.at(-1)?.firstPosition === this.#nextPosition) {
      this.#segments.pop();
    }
  }

  async #readSegment(segment: FoundSegment, next: FoundSegment | undefined): Promise<void> {
    const header = this.#enterSegment(segment);
    const content = await this.#source.read(segment.name, header);
    if (content === undefined) throw this.#damaged(segment, "it is shorter than its header says");
    // Where the next segment starts is where this one ended; what lies behind that was cut before.
    const end = next?.header?.firstPosition;
    let offset = segmentHeaderBytes;
    let last: BatchHeader | undefined;
    let lastOffset = offset;
    while (this.#nextPosition !== end) {
      const batch = readBatchHeader(content, offset);
      const records = batch === undefined ? undefined : readRecords(content, batch, offset);
      if (batch === undefined || records === undefined) break;
      await this.#takeBatch(segment, batch, records, end);
      if (records.length > 0) [last, lastOffset] = [batch, offset];
      offset = batch.end;
    }
    if (next === undefined) {
      this.#judgeTail(segment, content, offset);
      if (last === undefined || this.#nextPosition - 1 <= this.#synced) return;
      const bytes = new Uint8Array(content.bytes.subarray(lastOffset, last.end));
      this.#unconfirmed = { name: segment.name, offset: lastOffset, bytes };
    } else if (next.index !== segment.index + 1) {
      const what = `segments between ${segment.name} and ${next.name} are missing`;
      throw this.#refusal(LogErrorCode.segmentMissing, what);
    } else if (end !== undefined && this.#nextPosition !== end) {
      // (Where the next header can't be read, the end is unknown: refused when its turn comes.)
      throw this.#damaged(segment, `there is no valid batch at byte ${offset}`);
    }
  }

  #enterSegment(segment: FoundSegment): SegmentHeader {
    const { header } = segment;
    if (header === undefined) throw this.#damaged(segment, segment.problem);
    const { firstPosition, bytes, previousChecksum } = header;
    if (this.#segments.length === 0) {
      const { replayFrom } = this.#options;
      if (firstPosition > replayFrom) {
        const what = `the log starts only at position ${firstPosition}, in ${segment.name}`;
        throw this.#refusal(LogErrorCode.segmentMissing, what, replayFrom);
      }
      this.#nextPosition = firstPosition;
      this.#lastChecksum = previousChecksum;
    }
    if (firstPosition !== this.#nextPosition || previousChecksum !== this.#lastChecksum) {
      throw this.#misplaced(segment, `it starts at position ${firstPosition}`);
    }
    this.#segments.push({ name: segment.name, index: segment.index, firstPosition, bytes });
    return header;
  }

  /** A batch with valid checksums; it must also stand where it was written. */
  async #takeBatch(
    segment: FoundSegment,
    batch: BatchHeader,
    records: readonly PositionedRecord[],
    end: number | undefined,
  ): Promise<void> {
    const { firstPosition, previousChecksum, recordCount } = batch;
    if (firstPosition !== this.#nextPosition || previousChecksum !== this.#lastChecksum) {
      throw this.#misplaced(segment, `it has a batch that starts at position ${firstPosition}`);
    }
    if (end !== undefined && firstPosition + recordCount > end) {
      throw this.#misplaced(
        segment,
        `it reaches beyond position ${end}, where the next one starts`,
      );
    }
    this.#noteSynced(batch.syncedPosition);
    if (recordCount === 0) return;
    const replayed = records.filter(({ position }) => position >= this.#options.replayFrom);
    const whole: PositionedRecord[] = [];
    for (const record of replayed) whole.push(await this.#withBody(segment, record));
    const problem = this.#partitions.admit(records);
    if (problem !== undefined) throw this.#misplaced(segment, problem);
    for (const record of whole) this.#options.onRecord(record);
    this.#replayed += whole.length;
    this.#nextPosition = firstPosition + recordCount;
    this.#lastChecksum = batch.checksum;
  }

  /** The body was durable before its record was written: where it can't be read, it is damaged. */
  async #withBody(segment: FoundSegment, record: PositionedRecord): Promise<PositionedRecord> {
    if ((record.flags & bodyApartFlag) === 0) return record;
    const { directory } = this.#options;
    const reference = decodeBodyReference(record.body);
    const body = reference === undefined ? undefined : await readBody(directory, reference);
    if (reference === undefined || body === undefined) {
      const what = `the body of record ${record.position}, which lies in a file of its own, can't be read`;
      throw this.#damaged(segment, what);
    }
    this.#bodies.set(reference.number, record.position);
    return { ...record, flags: record.flags & ~bodyApartFlag, body };
  }

  /** What can't be read in the last segment is a torn tail, unless something vouches for it. */
  #judgeTail(segment: FoundSegment, content: SegmentContent, offset: number): void {
    this.#noteSynced(syncedPositionNamedAfter(content, offset, this.#nextPosition));
    if (this.#synced >= this.#nextPosition) {
      const what = `there is no valid batch at byte ${offset}, but position ${this.#synced} was synced`;
      throw this.#damaged(segment, what);
    }
    this.#tornBytes = claimedBatchBytes(content, offset, this.#nextPosition);
  }

  #noteSynced(position: number): void {
    this.#synced = Math.max(this.#synced, position);
  }

  #damaged(segment: FoundSegment, what: string): LogDamaged {
    return this.#refusal(LogErrorCode.damaged, `${segment.name} is damaged: ${what}`);
  }

  #misplaced(segment: FoundSegment, what: string): LogDamaged {
    const where = `${segment.name} does not continue what is before it`;
    return this.#refusal(LogErrorCode.positionsBroken, `${where}: ${what}`);
  }

  #refusal(code: LogDamageCode, what: string, position = this.#nextPosition): LogDamaged {
    return new LogDamaged(code, this.#options.directory.path, what, position);
  }
}

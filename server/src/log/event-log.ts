// What the shard loop sees of an event log. Today it is a file of segments on the local disk
// (segmented-log.ts); a replicated log can take its place behind the same words.
//
//   L1. A position is given to a record once, and never again to another record.
//   L2. What `append` has resolved for survives any crash and any loss of power.
//   L3. What replay delivers is what was appended, in order, without a gap; nothing is invented.

import type { BodyReference } from "./body-reference.js";

/** One event of one partition: a header that is fixed from day one, and its body. */
export interface LogRecord {
  /** u16; `registryPartition` is the registry's pseudo partition. */
  readonly partition: number;
  /** Position within the partition: from 1, contiguous. */
  readonly partitionPosition: number;
  /** u32: which opening of the partition wrote it. */
  readonly epoch: number;
  /** Event time in ms since 1970. */
  readonly timeMs: number;
  /** u16: which event the body is. */
  readonly kind: number;
  /** u16: the behaviour version that the event was applied with. */
  readonly behavior: number;
  /** u8: a `ProducerKind`. */
  readonly producerKind: number;
  /** Which producer of that kind, for example the sending partition. A safe integer from 0. */
  readonly producerId: number;
  /** The producer's own number for what it sent. A safe integer from 0. */
  readonly producerSequence: number;
  /** u8, a set of bits: `fragmentFlag`; `bodyApartFlag` is the log's own. */
  readonly flags: number;
  readonly body: Uint8Array;
  /** The rest of a body that has several parts, so that large values need not be copied. */
  readonly more?: readonly Uint8Array[];
  /** The body is durable already: `EventLog.storeBody` has written it. */
  readonly stored?: StoredBody;
}

/** A body that lies beside the records. */
export interface StoredBody {
  readonly reference: BodyReference;
}

/** A record that has its place in the log. */
export interface PositionedRecord extends LogRecord {
  /** Shard-wide: from 1, contiguous. */
  readonly position: number;
}

/** A bit of `flags`: the record is a part of a larger event. Only the format knows it so far. */
export const fragmentFlag = 1;

/** A bit of `flags`: the body lies in a file of its own, and the record holds a reference to it. */
export const bodyApartFlag = 2;

export const ProducerKind = {
  internal: 0,
  partition: 1,
  ingressRequest: 2,
  kafka: 3,
  cron: 4,
} as const;
export type ProducerKind = (typeof ProducerKind)[keyof typeof ProducerKind];

export interface EventLog {
  /** Position of the last record that is known to be durable; 0 before the first. */
  readonly syncedPosition: number;
  /** Position of the last record written, durable or not yet. */
  readonly lastPosition: number;

  /**
   * Append a batch: one write and one sync. Resolves with the last position once the batch is
   * durable; the batch must not change until then. At most one append may be under way.
   * @throws DiskFull, TooManyFiles  nothing was written, nothing is broken: may be tried again later.
   * @throws LogFailure   it is unknown what is durable; every later append is refused too.
   * @throws InvariantViolation  the batch is malformed, or another append is under way; nothing was written.
   */
  append(batch: readonly LogRecord[]): Promise<number>;

  /** `append` that blocks the thread until the batch is durable: the shortest way when nothing else waits. */
  appendSync(batch: readonly LogRecord[]): number;

  /**
   * Writes the body of a record beside the log, for one that is so large that others should not wait for it. It is
   * durable when this resolves, and is to be named by a record or dropped. It must not change until then.
   * @throws DiskFull, TooManyFiles  nothing is kept of it.
   * @throws LogFailure  it can't be written.
   */
  storeBody(parts: readonly Uint8Array[]): Promise<StoredBody>;

  /** No record will have this body. */
  dropBody(body: StoredBody): void;

  /**
   * Removes the files that are only kept to be used again: somebody needs their room.
   * @throws LogFailure  as in `append`.
   */
  giveUpSpareFiles(): void;

  /**
   * Let go of the records with positions below `before`, whole segments at a time. Resolves once
   * that is durable.
   * @throws LogFailure  as in `append`.
   */
  trim(before: number): Promise<void>;

  /** Waits for what is under way; afterwards nothing is written any more. May be called twice. */
  close(): Promise<void>;
}

// The door to the event log: everything that other folders import from it. Opening a log recovers it
// (recovery.ts) and makes sure that what it found is durable before anything is built on it.

import { invariant } from "@perdure/protocol/assert";
import { BodyFiles } from "./body-files.js";
import type { Disk, DiskDirectory } from "./disk.js";
import type { EventLog, PositionedRecord } from "./event-log.js";
import { LogNotAccessible } from "./log-error.js";
import { nodeDisk } from "./node-disk.js";
import { recover, type Recovered } from "./recovery.js";
import { setAsideName } from "./segment-files.js";
import { segmentHeaderBytes } from "./segment-header.js";
import { SegmentPool } from "./segment-pool.js";
import { SegmentedLog } from "./segmented-log.js";

export type { Disk, DiskDirectory, DiskFile, Syncable } from "./disk.js";
export type { EventLog, LogRecord, PositionedRecord, StoredBody } from "./event-log.js";
export { fragmentFlag, ProducerKind } from "./event-log.js";
export type { AppendPostponed, LogDamageCode } from "./log-error.js";
export {
  DiskFull,
  isPostponed,
  LogClosed,
  LogDamaged,
  LogErrorCode,
  LogFailure,
  LogFormatTooNew,
  LogNotAccessible,
  TooManyFiles,
} from "./log-error.js";
export { nodeDisk } from "./node-disk.js";

export interface OpenLogOptions {
  /** Made where it does not exist. One process at a time: the caller holds the lock. */
  readonly directory: string;
  /** Of one segment: a multiple of 4096. Default 16 MiB. */
  readonly segmentBytes?: number;
  readonly disk?: Disk;
  /** The first position that the tables do not hold, from 1. */
  readonly replayFrom: number;
  /** Called for each record from `replayFrom` on, in order, before `openLog` resolves. */
  readonly onRecord: (record: PositionedRecord) => void;
  /**
   * "refuse" (the default) throws `LogDamaged` and touches nothing. "cut" is the operator's decision
   * to lose the first record that can't be read and all that follow it: their segments are renamed
   * to `set-aside-…`, and the log goes on before them, or after what the tables hold.
   */
  readonly damage?: "refuse" | "cut";
}

export interface OpenedLog {
  readonly log: EventLog;
  /** How many records `onRecord` was called for. */
  readonly replayed: number;
  /** Length of the torn batch that was cut; 0 where there was none or it can't be told. */
  readonly tornBytes: number;
  /** Of each partition that the log holds records of: the number of the last one. */
  readonly lastOfPartitions: ReadonlyMap<number, number>;
}

const defaultSegmentBytes = 16 * 1024 * 1024;

/**
 * Opens the log in a directory, or a new one where there is none. Afterwards everything that was
 * delivered to `onRecord` is durable.
 * @throws LogDamaged        records that were durable can't be read.
 * @throws LogFormatTooNew   a newer release wrote the log.
 * @throws LogNotAccessible  the directory or a file in it can't be read, made or synced.
 */
export async function openLog(options: OpenLogOptions): Promise<OpenedLog> {
  const { segmentBytes = defaultSegmentBytes, disk = nodeDisk, damage = "refuse" } = options;
  const { replayFrom, onRecord } = options;
  invariant(segmentBytes % 4096 === 0, "segmentBytes is a multiple of 4096");
  invariant(segmentBytes > segmentHeaderBytes, "segmentBytes leaves room for batches");
  invariant(Number.isSafeInteger(replayFrom), "replayFrom is a position");
  invariant(replayFrom >= 1, "positions start at 1");
  const directory = openDirectory(disk, options.directory);
  try {
    const recovered = await recover({ directory, replayFrom, onRecord, damage });
    const pool = new SegmentPool(directory, segmentBytes);
    const bodies = new BodyFiles(directory);
    await settle(directory, pool, bodies, recovered);
    pool.prepare();
    const log = new SegmentedLog(directory, pool, bodies, recovered);
    const { replayed, tornBytes, partitions } = recovered;
    return { log, replayed, tornBytes, lastOfPartitions: partitions.lastPositions() };
  } catch (error) {
    directory.close();
    throw error;
  }
}

function openDirectory(disk: Disk, path: string): DiskDirectory {
  try {
    return disk.openDirectory(path);
  } catch (error) {
    throw new LogNotAccessible(path, error);
  }
}

/** The first changes to the directory: all has been read and found good, or is to be cut. */
async function settle(
  directory: DiskDirectory,
  pool: SegmentPool,
  bodies: BodyFiles,
  recovered: Recovered,
): Promise<void> {
  try {
    setAside(directory, recovered.givenUp);
    await confirm(directory, recovered);
    await directory.sync();
    pool.adopt();
    bodies.adopt(recovered.bodies);
  } catch (error) {
    throw new LogNotAccessible(directory.path, error);
  }
}

/** From the last to the first, so that a crash in between leaves a log that can be cut again. */
function setAside(directory: DiskDirectory, names: readonly string[]): void {
  for (const name of [...names].reverse()) {
    directory.rename(name, setAsideName(name, new Set(directory.names())));
  }
}

/**
 * Makes the last batch durable. A killed process leaves it in the page cache; written again, because
 * after a failed sync the cache may take it for clean although it never reached the disk.
 */
async function confirm(directory: DiskDirectory, { unconfirmed }: Recovered): Promise<void> {
  if (unconfirmed === undefined) return;
  const file = directory.open(unconfirmed.name);
  try {
    file.write(unconfirmed.bytes, unconfirmed.offset);
    await file.sync();
  } finally {
    file.close();
  }
}

// Makes batches durable, one at a time. Where little is going on, blocking for the sync is the shortest way; where
// much is, the next batch gathers meanwhile. A full disk is waited out, and so are too many open files: the batch is tried
// again until there is room.

import { bodyBytes } from "../log/batch-encoder.js";
import { isPostponed, type AppendPostponed, type EventLog, type LogRecord } from "../log/log.js";

export interface BatchWriterOptions {
  readonly log: EventLog;
  /** The batch is on disk. */
  readonly written: (batch: readonly LogRecord[]) => void;
  /** It can't be written, now or ever. */
  readonly failed: (error: unknown) => void;
  /** Told once when the disk is full or no file can be opened, and once, with undefined, when there is room again. */
  readonly onDiskFull: (error: AppendPostponed | undefined) => void;
}

const diskFullRetryMs = 500;
/** Records of a batch that few callers make. */
const quietBatchMax = 2;
/** What a sync takes no longer for than it would take anyway. More holds up the loop. */
const quietBytesMax = 64 * 1024;

export class BatchWriter {
  readonly #options: BatchWriterOptions;
  #lastBatchLength = 0;
  #inFlight: readonly LogRecord[] = [];
  #diskFull: AppendPostponed | undefined;
  #givesUp = false;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
  }

  get diskFull(): AppendPostponed | undefined {
    return this.#diskFull;
  }

  /** Whether the batch under way, if there is one, changes a partition. */
  isWriting(partition: number): boolean {
    return this.#inFlight.some((record) => record.partition === partition);
  }

  /** Whoever waits for a full disk does so no more: the next failure is final. */
  giveUpWhenFull(): void {
    this.#givesUp = true;
  }

  /** @param yields  what was said in this turn is to leave before the thread may block */
  write(batch: readonly LogRecord[], yields: boolean): void {
    const { log } = this.#options;
    this.#inFlight = batch;
    const isQuiet =
      batch.length <= quietBatchMax && this.#lastBatchLength <= quietBatchMax && isSmall(batch);
    this.#lastBatchLength = batch.length;
    if (!isQuiet) {
      log.append(batch).then(
        () => {
          this.#written();
        },
        (error: unknown) => {
          this.#failed(batch, error);
        },
      );
      return;
    }
    if (!yields) return this.#writeNow(batch);
    setImmediate(() => {
      this.#writeNow(batch);
    });
  }

  #writeNow(batch: readonly LogRecord[]): void {
    try {
      this.#options.log.appendSync(batch);
    } catch (error) {
      return this.#failed(batch, error);
    }
    this.#written();
  }

  #written(): void {
    const batch = this.#inFlight;
    this.#inFlight = [];
    if (this.#diskFull !== undefined) this.#options.onDiskFull(undefined);
    this.#diskFull = undefined;
    this.#options.written(batch);
  }

  #failed(batch: readonly LogRecord[], error: unknown): void {
    if (!isPostponed(error)) return this.#options.failed(error);
    if (this.#diskFull === undefined) this.#options.onDiskFull(error);
    this.#diskFull = error;
    if (this.#givesUp) return this.#options.failed(error);
    setTimeout(() => {
      this.write(batch, false);
    }, diskFullRetryMs);
  }
}

function isSmall(batch: readonly LogRecord[]): boolean {
  let bytes = 0;
  for (const record of batch) bytes += bodyBytes(record);
  return bytes <= quietBytesMax;
}

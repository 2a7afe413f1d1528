// Whole partitions on their way into a store that is being made, as bytes: rows are neither read nor changed.

import { CheckpointBatch } from "./checkpoint-batch.js";
import { writeBatch, type WriteOutcome } from "./checkpoint-writer.js";
import type { StoredRow, StoreEnvironment } from "./environment.js";

/** Nobody else waits for the disk: larger ones than those of checkpoints. */
const transactionBytes = 4 * 1024 * 1024;

export class PartitionCopy {
  readonly #to: StoreEnvironment;
  readonly #batch = new CheckpointBatch();
  #rows = 0;
  #bytes = 0;

  constructor(to: StoreEnvironment) {
    this.#to = to;
  }

  /** That were taken. */
  get rows(): number {
    return this.#rows;
  }

  /** Of their keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes rows until there are enough for a transaction.
   * @returns the key of the last one; undefined where there are no more
   */
  take(rows: Iterator<StoredRow>): Buffer | undefined {
    for (let row = rows.next(); row.done !== true; row = rows.next()) {
      const { key, value } = row.value;
      this.#batch.put(key, value);
      this.#rows++;
      this.#bytes += key.length + value.length;
      if (this.#batch.byteLength < transactionBytes) continue;
      // It must not keep its snapshot.
      rows.return?.();
      return key;
    }
    return undefined;
  }

  /** What was taken and is not written yet is on disk when this returns, or there is no room for it. */
  write(): WriteOutcome {
    const pieces = this.#batch.take();
    const outcome = writeBatch(this.#to, pieces);
    this.#batch.reuse(pieces);
    return outcome;
  }
}

// The last position of each partition, to hold that positions within a partition follow one another:
// checked before a batch is written and again after it is read. A partition that the log holds no
// record of may start anywhere: its earlier records were trimmed.

import type { LogRecord } from "./event-log.js";

export class PartitionPositions {
  readonly #last = new Map<number, number>();

  /** As it is now, by partition. */
  lastPositions(): ReadonlyMap<number, number> {
    return new Map(this.#last);
  }

  /** Takes a batch whole and returns undefined, or takes nothing and returns what is wrong with it. */
  admit(batch: readonly LogRecord[]): string | undefined {
    let index = 0;
    for (const record of batch) {
      const problem = this.#problemOf(record);
      if (problem !== undefined) {
        this.#withdrawFirst(batch, index);
        return `record ${index + 1} of the batch ${problem}`;
      }
      this.#last.set(record.partition, record.partitionPosition);
      index += 1;
    }
    return undefined;
  }

  /** Takes back a batch that was admitted and then not written. */
  withdraw(batch: readonly LogRecord[]): void {
    this.#withdrawFirst(batch, batch.length);
  }

  #problemOf(record: LogRecord): string | undefined {
    if (!isWellFormed(record)) return "has a field out of its range";
    const last = this.#last.get(record.partition);
    if (last === undefined || last === record.partitionPosition - 1) return undefined;
    const { partition, partitionPosition } = record;
    return `is number ${partitionPosition} of partition ${partition}, expected ${last + 1}`;
  }

  #withdrawFirst(batch: readonly LogRecord[], count: number): void {
    for (const { partition, partitionPosition } of batch.slice(0, count).reverse()) {
      this.#last.set(partition, partitionPosition - 1);
    }
  }
}

function isWellFormed(record: LogRecord): boolean {
  return (
    isUnsigned16(record.partition) &&
    isUnsigned16(record.kind) &&
    isUnsigned16(record.behavior) &&
    (record.producerKind & 0xff) === record.producerKind &&
    (record.flags & 0xff) === record.flags &&
    record.epoch >>> 0 === record.epoch &&
    isCount(record.producerId) &&
    isCount(record.producerSequence) &&
    isCount(record.partitionPosition) &&
    record.partitionPosition > 0 &&
    Number.isFinite(record.timeMs)
  );
}

function isUnsigned16(value: number): boolean {
  return (value & 0xffff) === value;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

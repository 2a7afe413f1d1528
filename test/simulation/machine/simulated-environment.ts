// LMDB's stand-in: what is committed is durable, what is not is lost with the process, and a reader may see a commit at
// once or only when it renews its snapshot. The writer takes time, runs out of room, and can be cut off before or after
// its commit.

import {
  readBatch,
  type CheckpointOperation,
  type CheckpointWriter,
  type StoredRow,
  type StoreEnvironment,
  type Written,
} from "@perdure/server/simulation-kit";
import { Random } from "./random.js";
import type { Scheduler } from "./scheduler.js";

/** Rows by key, as text of code units below 256, which sorts as the bytes do. */
class Rows {
  readonly values: Map<string, Buffer>;
  #sorted: readonly string[] | undefined;

  constructor(values: Map<string, Buffer> = new Map()) {
    this.values = values;
  }

  get sorted(): readonly string[] {
    this.#sorted ??= [...this.values.keys()].sort((a, b) => (a < b ? -1 : 1));
    return this.#sorted;
  }

  with(operations: Iterable<CheckpointOperation>): Rows {
    const values = new Map(this.values);
    for (const operation of operations) {
      const key = operation.key.toString("latin1");
      if (operation.kind === "put") values.set(key, Buffer.from(operation.value));
      else if (operation.kind === "delete") values.delete(key);
      else for (const each of values.keys()) if (each.startsWith(key)) values.delete(each);
    }
    return new Rows(values);
  }
}

/** The file: it outlives processes. */
export class SimulatedLmdb {
  rows: Rows = new Rows();
  commits = 0;
}

/** What may go wrong with the writes of a process. */
export interface StoreTrouble {
  /** Whether there is no room now. */
  readonly full: () => boolean;
  /** Asked at each transaction. */
  readonly fails: () => boolean;
  /** A moment at which the process may be cut off. */
  readonly crashPoint: (where: string) => void;
}

/** As one process has it open. */
export class SimulatedEnvironment implements StoreEnvironment {
  readonly #file: SimulatedLmdb;
  readonly #random: Random;
  #snapshot: Rows;

  constructor(file: SimulatedLmdb, random: Random = new Random(0)) {
    this.#file = file;
    this.#random = random;
    this.#snapshot = file.rows;
  }

  get(key: Buffer): ReturnType<StoreEnvironment["get"]> {
    return this.#snapshot.values.get(key.toString("latin1"));
  }

  *range(start: Buffer, end: Buffer): Generator<StoredRow, undefined> {
    const { sorted, values } = this.#snapshot;
    const last = end.toString("latin1");
    for (let at = placeOf(sorted, start.toString("latin1")); at < sorted.length; at++) {
      const key = sorted[at];
      if (key === undefined || key >= last) return;
      yield { key: Buffer.from(key, "latin1"), value: values.get(key) ?? Buffer.alloc(0) };
    }
  }

  keyAtOrBefore(key: Buffer, first: Buffer): ReturnType<StoreEnvironment["keyAtOrBefore"]> {
    const { sorted } = this.#snapshot;
    const [wanted, bound] = [key.toString("latin1"), first.toString("latin1")];
    const behind = placeOf(sorted, `${wanted}\u0000`);
    const found = sorted[behind - 1];
    return found === undefined || found <= bound ? undefined : Buffer.from(found, "latin1");
  }

  get usedBytes(): number {
    return [...this.#snapshot.values.values()].reduce((sum, { length }) => sum + length, 0);
  }

  renewSnapshot(): void {
    this.#snapshot = this.#file.rows;
  }

  isFull(): boolean {
    return false;
  }

  hasRoomFor(): boolean {
    return true;
  }

  write(operations: Iterable<CheckpointOperation>): void {
    this.#file.rows = this.#file.rows.with(operations);
    this.#file.commits++;
    if (this.#random.chance(0.5)) this.renewSnapshot();
  }

  rest(): void {}

  async close(): Promise<void> {}
}

export function simulatedWriter(
  environment: SimulatedEnvironment,
  scheduler: Scheduler,
  random: Random,
  trouble: StoreTrouble,
): CheckpointWriter {
  return {
    async write(bytes): Promise<Written> {
      await scheduler.wait(random.about(5));
      if (trouble.full()) return { outcome: "diskFull", bytes };
      if (trouble.fails()) throw new Error("input/output error (simulated)");
      trouble.crashPoint("before commit");
      environment.write(readBatch(bytes));
      trouble.crashPoint("after commit");
      await scheduler.wait(random.about(1));
      return { outcome: "written", bytes };
    },
    async rest(): Promise<void> {},
    async close(): Promise<void> {},
  };
}

/** Index of the first key that is not below `key`. */
function placeOf(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The LMDB environment of a shard. The only place (with the checkpoint's writer) where lmdb is known. It is
// read on the main thread and written by checkpoints alone.

import { mkdirSync, statfsSync } from "node:fs";
import { open, type RootDatabase } from "lmdb";
import { fillUp, findDamage } from "./check-file.js";
import type { CheckpointOperation } from "./checkpoint-batch.js";
import { StoreDamaged } from "./store-errors.js";

export interface StoredRow {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Less room than a transaction may want. */
const fullBelowBytes = 16 * 1024 * 1024;

export class Environment {
  readonly #directory: string;
  readonly #database: RootDatabase<Buffer, Buffer>;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#database = open<Buffer, Buffer>({
      path: directory,
      noSubdir: false,
      encoding: "binary",
      keyEncoding: "binary",
      // A commit is on disk when it returns: the log is trimmed after it.
      overlappingSync: false,
      eventTurnBatching: false,
    });
  }

  /** @throws StoreDamaged */
  static open(directory: string): Environment {
    mkdirSync(directory, { recursive: true });
    const damage = findDamage(directory);
    if (damage !== undefined) throw new StoreDamaged(directory, damage);
    try {
      return new Environment(directory);
    } catch (error) {
      throw new StoreDamaged(directory, error);
    }
  }

  get(key: Buffer): Buffer | undefined {
    return this.#database.getBinary(key);
  }

  /** From `start` inclusive to `end` exclusive, in key order. */
  range(start: Buffer, end: Buffer): Iterator<StoredRow> {
    return this.#database.getRange({ start, end })[Symbol.iterator]() as Iterator<StoredRow>;
  }

  /** Reads see what has been committed since, by this or another thread. */
  renewSnapshot(): void {
    this.#database.resetReadTxn();
  }

  /**
   * Whether a transaction failed for want of room. LMDB says so plainly where a write did not begin; one that
   * was cut short it calls an input/output error.
   */
  isFull(error: unknown): boolean {
    const message = error instanceof Error ? error.message : String(error);
    if (/no space left|ENOSPC/i.test(message)) return true;
    if (!/input\/output error|EIO/i.test(message)) return false;
    const { bavail, bsize } = statfsSync(this.#directory);
    return bavail * bsize < fullBelowBytes;
  }

  /** One durable transaction. */
  write(operations: Iterable<CheckpointOperation>): void {
    this.#database.transactionSync(() => {
      for (const operation of operations) this.#apply(operation);
    });
    fillUp(this.#directory);
  }

  #apply(operation: CheckpointOperation): void {
    switch (operation.kind) {
      case "put":
        this.#database.putSync(operation.key, operation.value);
        return;
      case "delete":
        this.#database.removeSync(operation.key);
        return;
      case "deletePrefix": {
        const end = Buffer.concat([operation.key, Buffer.of(0xff)]);
        const keys = [...this.#database.getKeys({ start: operation.key, end })];
        for (const key of keys) this.#database.removeSync(key);
        return;
      }
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

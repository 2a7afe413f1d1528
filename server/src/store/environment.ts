// The LMDB environment of a shard. The only place (with the checkpoint's writer) where lmdb is known. It is
// read on the main thread and written by checkpoints alone.

import { mkdirSync } from "node:fs";
import { open, type RootDatabase } from "lmdb";
import { fillUp, findDamage } from "./check-file.js";
import type { CheckpointOperation } from "./checkpoint-batch.js";
import { freeBytes } from "./free-bytes.js";
import { StoreDamaged } from "./store-errors.js";

export interface StoredRow {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * Address space for the file, not memory. LMDB would begin with little and map the file anew whenever it has doubled, and
 * keep the old maps with all pages that were touched through them: a store of 150 MB had 250 MB of them.
 */
const mapBytes = 64 * 1024 ** 3;

/** What the tables need of LMDB. A simulated one promises the same. */
export type StoreEnvironment = Pick<
  Environment,
  | "get"
  | "range"
  | "keyAtOrBefore"
  | "usedBytes"
  | "renewSnapshot"
  | "isFull"
  | "hasRoomFor"
  | "write"
  | "rest"
  | "close"
>;

/** Of rows that are deleted. They must not change while they are looked for. */
const keysAtATime = 1_000;

/** Of a transaction, on top of its rows: pages of the tree above them. */
const treeBytes = 512 * 1024;

/** Less room than a transaction may want. */
const fullBelowBytes = 16 * 1024 * 1024;

export class Environment {
  readonly #directory: string;
  #opened: RootDatabase<Buffer, Buffer> | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  get #database(): RootDatabase<Buffer, Buffer> {
    return (this.#opened ??= openDatabase(this.#directory));
  }

  /** @throws StoreDamaged */
  static open(directory: string): Environment {
    mkdirSync(directory, { recursive: true });
    const damage = findDamage(directory);
    if (damage !== undefined) throw new StoreDamaged(directory, damage);
    try {
      const environment = new Environment(directory);
      environment.#opened = openDatabase(directory);
      return environment;
    } catch (error) {
      throw new StoreDamaged(directory, error);
    }
  }

  /** One that another thread has opened, and looked at. */
  static beside(directory: string): Environment {
    return new Environment(directory);
  }

  get(key: Buffer): Buffer | undefined {
    return this.#database.getBinary(key);
  }

  /** From `start` inclusive to `end` exclusive, in key order. */
  range(start: Buffer, end: Buffer): Iterator<StoredRow> {
    return this.#database.getRange({ start, end })[Symbol.iterator]() as Iterator<StoredRow>;
  }

  /** The last key up to `key` inclusive, of those behind `first`. */
  keyAtOrBefore(key: Buffer, first: Buffer): Buffer | undefined {
    const [found] = this.#database.getKeys({ start: key, end: first, reverse: true, limit: 1 });
    return found;
  }

  /** Of the pages that rows and the tree above them lie in, without free ones. */
  get usedBytes(): number {
    const stats = this.#database.getStats() as TreeStatistics;
    const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = stats;
    return pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
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
    return freeBytes(this.#directory) < fullBelowBytes;
  }

  /**
   * Whether the disk has room for a transaction of so many bytes. To be asked before: where LMDB itself finds the disk full, it
   * writes more than it has memory for into its message, and the process may crash, or hang.
   */
  hasRoomFor(bytes: number): boolean {
    return freeBytes(this.#directory) >= bytes + treeBytes;
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
        const range = { start: operation.key, end, limit: keysAtATime };
        for (;;) {
          const keys = [...this.#database.getKeys(range)];
          for (const key of keys) this.#database.removeSync(key);
          if (keys.length < keysAtATime) return;
        }
      }
    }
  }

  /**
   * Lets go of the file until it is wanted again. LMDB keeps all of its pages mapped that were ever touched for as long as
   * any thread of the process has it open. Only where no iterator is under way.
   */
  rest(): void {
    // Every transaction is over when it returns: it is closed at once.
    void this.#opened?.close();
    this.#opened = undefined;
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }
}

/** What lmdb-js says of a tree, and does not declare. */
interface TreeStatistics {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  /** Of values that have pages of their own. */
  readonly overflowPages: number;
}

function openDatabase(directory: string): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path: directory,
    noSubdir: false,
    encoding: "binary",
    keyEncoding: "binary",
    // A commit is on disk when it returns: the log is trimmed after it.
    overlappingSync: false,
    eventTurnBatching: false,
    mapSize: mapBytes,
  });
}

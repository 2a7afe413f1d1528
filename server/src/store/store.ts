// The tables of a shard: all its partitions over one LMDB environment, and their checkpoints.
//   S1. A partition's rows and its applied position are written by one transaction.
//   S2. What is frozen is read until its transactions are on disk and the snapshot is renewed.
//   S3. The checkpoint's position is written last: the log behind it may go only then.

import { createHash } from "node:crypto";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { partitionCount, registryPartition } from "@perdure/protocol/ids";
import { CheckpointBatch } from "./checkpoint-batch.js";
import {
  createInlineWriter,
  createThreadWriter,
  type CheckpointWriter,
  type WriteOutcome,
} from "./checkpoint-writer.js";
import { Environment, type StoredRow, type StoreEnvironment } from "./environment.js";
import { MappedPages } from "./mapped-pages.js";
import { createPartitionTables, type PartitionTables } from "./partition-tables.js";
import { rowKey } from "./row-key.js";
import { StoreDamaged } from "./store-errors.js";

/**
 * Of a transaction. Small ones: the log's syncs wait for what the disk is busy with, and LMDB's later commits are slow after
 * huge ones. What is deleted has few bytes and costs as much as what is written.
 */
const transactionBytes = 256 * 1024;
const transactionOperations = 1_000;

/** Threads are started from built files. */
const runsFromSource = import.meta.url.endsWith(".ts");

const diskFullRetryMs = 1_000;

const defaultMsPerTurn = 1;

const shardPartition = 0xfffe;
const checkpointTableNumber = 14;
/** Above the number of any table. */
const tableNumberEnd = 0xff;

export interface StoreOptions {
  readonly directory: string;
  /** Checkpoints are written by a thread of their own, or in place. */
  readonly writer: "thread" | "inline";
  /** How many partitions there are: the same for as long as the directory lives. Default 64. */
  readonly partitions?: number;
  /** How long a checkpoint holds up the loop before it leaves it to others, in milliseconds. Default 1. */
  readonly msPerTurn?: number;
  /** Says when the file's pages are let go of. Default: as it is good for the process. */
  readonly mappedPages?: Pick<MappedPages, "areMany" | "letGo">;
  /** What the tables lie in, and who writes their checkpoints. Default: LMDB in the directory. */
  readonly simulated?: SimulatedStore;
}

export interface SimulatedStore {
  readonly environment: StoreEnvironment;
  readonly writer: CheckpointWriter;
  readonly mappedPages: Pick<MappedPages, "areMany" | "letGo">;
}

export class Store {
  readonly partitions: number;
  readonly #environment: StoreEnvironment;
  readonly #writer: CheckpointWriter;
  readonly #partitions = new Map<number, PartitionTables>();
  readonly #batch = new CheckpointBatch();
  readonly #mappedPages: Pick<MappedPages, "areMany" | "letGo">;
  readonly #msPerTurn: number;
  #liveBytes = 0;
  #checkpointPosition: number;
  #checkpointing = false;
  #givesUp = false;

  /** @throws StoreDamaged */
  constructor(options: StoreOptions) {
    const { directory, partitions = partitionCount } = options;
    this.partitions = partitions;
    this.#msPerTurn = options.msPerTurn ?? defaultMsPerTurn;
    this.#environment = options.simulated?.environment ?? Environment.open(directory);
    try {
      const grown = (bytes: number): void => {
        this.#liveBytes += bytes;
      };
      for (const number of [...Array(this.partitions).keys(), registryPartition]) {
        this.#partitions.set(number, createPartitionTables(this.#environment, number, grown));
      }
      this.#checkpointPosition = Number(this.#environment.get(checkpointKey)?.toString() ?? "0");
    } catch (error) {
      void this.#environment.close();
      throw new StoreDamaged(directory, error);
    }
    this.#writer = options.simulated?.writer ?? this.#createWriter(options);
    this.#mappedPages = options.simulated?.mappedPages ?? options.mappedPages ?? new MappedPages();
  }

  #createWriter({ writer, directory }: StoreOptions): CheckpointWriter {
    return writer === "thread" && !runsFromSource
      ? createThreadWriter(directory)
      : createInlineWriter(this.#environment);
  }

  /** Log position up to which everything is in LMDB. */
  get checkpointPosition(): number {
    return this.#checkpointPosition;
  }

  /** What the live layers hold, roughly. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  get checkpointing(): boolean {
    return this.#checkpointing;
  }

  get partitionNumbers(): Iterable<number> {
    return this.#partitions.keys();
  }

  partition(number: number): PartitionTables {
    const tables = this.#partitions.get(number);
    if (tables === undefined) throw new RangeError(`there is no partition ${String(number)}`);
    return tables;
  }

  /**
   * Writes everything that was applied up to `position` (a durable log position; nothing beyond it may be applied
   * when this is called). Resolves when it is on disk, or when it was given up: see {@link giveUpWhenFull}.
   * @param noRoom  called each time that the disk has no room, before it is tried again
   */
  async checkpoint(position: number, noRoom = (): void => undefined): Promise<WriteOutcome> {
    this.#checkpointing = true;
    try {
      this.#liveBytes = 0;
      const frozen = [...this.#partitions.values()].flatMap((tables) => tables.freeze() ?? []);
      const batch = this.#batch;
      let turnFrom = performance.now();
      for (const partition of frozen) {
        for (const _ of partition.encodeInto(batch)) {
          if (performance.now() - turnFrom < this.#msPerTurn) continue;
          await nextTurn();
          turnFrom = performance.now();
        }
        const { byteLength, operationCount } = batch;
        if (byteLength < transactionBytes && operationCount < transactionOperations) continue;
        if ((await this.#write(noRoom)) === "diskFull") return "diskFull";
        turnFrom = performance.now();
      }
      batch.put(checkpointKey, Buffer.from(String(position)));
      if ((await this.#write(noRoom)) === "diskFull") return "diskFull";
      if (this.#mappedPages.areMany) await this.#letGoOfPages();
      else this.#environment.renewSnapshot();
      for (const tables of this.#partitions.values()) tables.thaw();
      this.#checkpointPosition = position;
      return "written";
    } finally {
      this.#checkpointing = false;
    }
  }

  /** A full disk is waited out: nothing is lost, the log and the layers in memory have it all. */
  async #write(noRoom: () => void): Promise<WriteOutcome> {
    let batch = this.#batch.take();
    for (;;) {
      const { outcome, bytes } = await this.#writer.write(batch);
      batch = bytes;
      if (outcome === "written") this.#batch.reuse(bytes);
      if (outcome === "written" || this.#givesUp) return outcome;
      noRoom();
      await delay(diskFullRetryMs);
    }
  }

  /** The pages stay mapped while any thread has the environment open. */
  async #letGoOfPages(): Promise<void> {
    await this.#writer.rest();
    this.#environment.rest();
    // At once: opening it later might have to wait for a transaction of the writer.
    this.#environment.renewSnapshot();
    this.#mappedPages.letGo();
  }

  /** A checkpoint no longer waits for room on a full disk: the process is about to end. */
  giveUpWhenFull(): void {
    this.#givesUp = true;
  }

  /** A hash of every row of every partition, or of those that are meant. Two stores that agree have the same. */
  digest(isMeant: (partition: number) => boolean = () => true): string {
    const hash = createHash("sha256");
    for (const [number, tables] of this.#partitions) {
      if (!isMeant(number)) continue;
      for (const { table, key, value } of tables.allRows()) {
        hash.update(`${String(number)} ${table} ${String(key.length)} ${String(value.length)} `);
        hash.update(key).update(value);
      }
    }
    return hash.digest("hex");
  }

  /** Of a partition, as LMDB has them: what was applied since the last checkpoint is not in them. */
  storedRows(partition: number, after?: Buffer): Iterator<StoredRow> {
    const start = after === undefined ? rowKey(partition, 0, "") : keyAfter(after);
    return this.#environment.range(start, rowKey(partition, tableNumberEnd, ""));
  }

  /** What all rows take on disk in another store, at most, and a checkpoint of this one before that. */
  get bytesToMove(): number {
    return this.#environment.usedBytes + 2 * this.#liveBytes;
  }

  /** Lets go of the file's pages until they are wanted again. Only while nothing is being written. */
  rest(): void {
    this.#environment.rest();
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#environment.close();
  }
}

function keyAfter(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

const checkpointKey = rowKey(shardPartition, checkpointTableNumber, "");

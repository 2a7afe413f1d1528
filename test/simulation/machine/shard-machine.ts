// What of a shard outlives its processes: its part of the disk, its LMDB file, and the book of what is in its log.

import {
  shardOf,
  watchedLog,
  type EventLog,
  type LogRecord,
  type Recovered,
} from "@perdure/server/simulation-kit";
import { registryPartition } from "@perdure/protocol/ids";
import type { Durable } from "../durable.js";
import type { Fact } from "../history.js";
import type { Process, Scheduler } from "./scheduler.js";
import { SimulatedLmdb } from "./simulated-environment.js";

export interface ShardWorld {
  readonly scheduler: Scheduler;
  readonly durable: Durable;
  readonly partitions: number;
  readonly tell: (fact: Fact) => void;
}

/** Which of how many shards, since partitions were moved for so many times. */
export interface ShardPlace {
  readonly number: number;
  readonly shards: number;
  readonly moves: number;
}

export class ShardMachine {
  readonly number: number;
  readonly lmdb: SimulatedLmdb = new SimulatedLmdb();
  /** Every record that is in the log, or may be, by position. */
  readonly #records: LogRecord[] = [];
  readonly #place: ShardPlace;
  readonly #world: ShardWorld;
  #synced = 0;
  /** Of the records, those that are known to be durable. */
  #noted = 0;
  /** The batch that found no room, and was not handed over again: it may be in the log behind the records. */
  #inDoubt: readonly LogRecord[] = [];

  constructor(place: ShardPlace, world: ShardWorld) {
    this.number = place.number;
    this.#place = place;
    this.#world = world;
  }

  /** Of its log, on the disk of the machine. */
  get directory(): string {
    const { moves, number } = this.#place;
    return `log ${String(moves)}.${String(number)}`;
  }

  /** What survived is what there is from now on. */
  adopt({ log, store }: Recovered): void {
    const { lastPosition } = log;
    const { durable, tell } = this.#world;
    this.#records.push(...this.#inDoubt);
    this.#inDoubt = [];
    if (lastPosition < this.#synced || lastPosition > this.#records.length) {
      const found = `${String(lastPosition)} records, ${String(this.#synced)} were synced, ${String(this.#records.length)} written`;
      tell({ kind: "recovered", digest: found, expected: "all synced records, and no others" });
    }
    this.#records.length = Math.min(lastPosition, this.#records.length);
    this.#note();
    const isIts = (partition: number): boolean => this.#isIts(partition);
    tell({ kind: "recovered", digest: store.digest(isIts), expected: durable.digest(isIts) });
  }

  /** Notes what is handed to the log, and tells when it is durable. */
  watch(log: EventLog, process: Process): EventLog {
    return watchedLog(log, {
      written: (batch) => {
        this.#world.scheduler.note("append", batch.length, ...batch.map(({ body }) => body));
        this.#inDoubt = [];
        this.#records.push(...batch);
      },
      durable: () => {
        if (process.alive) this.#note();
      },
      postponed: (batch) => {
        this.#records.length -= batch.length;
        this.#inDoubt = batch;
      },
    });
  }

  #note(): void {
    const { durable } = this.#world;
    this.#synced = this.#records.length;
    const fresh = this.#records.slice(this.#noted);
    this.#noted = this.#records.length;
    for (const record of fresh) if (this.#isIts(record.partition)) durable.add(record);
  }

  /** The registry is the first shard's: what others have of it only follows. */
  #isIts(partition: number): boolean {
    if (partition === registryPartition) return this.number === 0;
    const { partitions } = this.#world;
    return shardOf(partition, partitions, this.#place.shards) === this.number;
  }
}

// A machine that runs a shard and can lose its process or its power: the log lies on a simulated disk,
// the tables in a real LMDB environment, the clock is moved by hand. It notes what left the shard, and
// checks at each such moment that nothing leaves before it is durable.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { joinBytes } from "@perdure/protocol/bytes";
import { onTestFinished } from "vitest";
import { apply } from "../core/apply.js";
import type { Effect } from "../core/effect.js";
import { idOf, plain, runIdAt, submitted } from "../core/events.fixture.js";
import { openLog, type EventLog, type LogRecord } from "../log/log.js";
import { SimulatedDisk } from "../log/simulated-disk.js";
import { watchedLog } from "../log/watched-log.js";
import { createInlineWriter, type CheckpointWriter } from "../store/checkpoint-writer.js";
import { Environment } from "../store/environment.js";
import { temporaryDirectory } from "../store/store.fixture.js";
import { Store, type SimulatedStore } from "../store/store.js";
import type { Clock } from "./clock.js";
import { decodeEvent } from "./event-codec.js";
import { openEpoch, recoverShard } from "./recovery.js";
import { Shard } from "./shard.js";
import type { Shell } from "./shell.js";

const segmentBytes = 64 * 1024;

export interface BootOptions {
  /** Default: no checkpoint unless asked for. */
  readonly checkpointBytes?: number;
  /** Asked before each append; resolves when it may go to the disk. Not asked for those on the spot. */
  readonly beforeAppend?: () => Promise<void>;
  /** Asked before each transaction of a checkpoint; resolves when it may be written. */
  readonly beforeTransaction?: () => Promise<void>;
  /** Of a machine that has never run. Default 64. */
  readonly partitions?: number;
  /** Default: the machine's, which is moved by hand. */
  readonly clock?: Clock;
  /** Of an event that is written beside the log. Default: the shard's. */
  readonly largeBytes?: number;
  /** Asked before a body is written beside the log. */
  readonly beforeStore?: () => Promise<void>;
}

/** An effect, or the note that all of a batch are out. */
export type Released =
  Effect | { readonly kind: "released" } | { readonly kind: "full"; readonly isFull: boolean };

export class RunningShard {
  readonly shard: Shard;
  readonly store: Store;
  readonly log: EventLog;
  /** What left the shard, in order. */
  readonly released: Released[] = [];
  readonly fatal: unknown[] = [];
  readonly refused: unknown[] = [];
  /** What left too early: the test fails in the end. */
  readonly early: string[] = [];
  /** Told of each effect, at the moment when it leaves. */
  listener: (effect: Released) => void = () => undefined;

  constructor(
    log: EventLog,
    store: Store,
    clock: Clock,
    checkpointBytes: number,
    largeBytes: number | undefined,
  ) {
    this.log = log;
    this.store = store;
    this.shard = new Shard({
      log,
      store,
      clock,
      checkpointBytes,
      largeBytes,
      shell: this.#shell(),
      onFatal: (error) => void this.fatal.push(error),
      onRefused: (_, error) => void this.refused.push(error),
      onDiskFull: (error) => {
        this.#note({ kind: "full", isFull: error !== undefined });
      },
    });
  }

  /** Effects of one kind that left so far. */
  ofKind<Kind extends Released["kind"]>(kind: Kind): Extract<Released, { kind: Kind }>[] {
    return this.released.filter(
      (effect): effect is Extract<Released, { kind: Kind }> => effect.kind === kind,
    );
  }

  /** Records of all partitions that are in the tables. */
  get applied(): number {
    const { store } = this;
    return [...store.partitionNumbers].reduce(
      (sum, number) => sum + store.partition(number).partitionState.appliedPosition,
      0,
    );
  }

  /** Whether attempts may be started before the batch that made them ready is durable. */
  hasGate = false;
  readonly startedEarly: {
    readonly runIds: readonly string[];
    readonly position: number;
    readonly syncedPosition: number;
  }[] = [];
  readonly #readyEarly: string[] = [];

  #shell(): Shell {
    const leaves = (effect: Released): void => {
      // Nothing is applied while a batch is synced: when something leaves, all that was applied is durable.
      if (this.applied !== this.log.syncedPosition) this.early.push(effect.kind);
      this.#note(effect);
    };
    return {
      submitted: leaves,
      answered: leaves,
      completed: leaves,
      ready: (_, effect) => {
        leaves(effect);
      },
      readyEarly: (_, effect) => {
        if (this.hasGate) this.#readyEarly.push(effect.runId);
        return this.hasGate;
      },
      startEarly: (position) => {
        const runIds = this.#readyEarly.splice(0);
        this.startedEarly.push({ runIds, position, syncedPosition: this.log.syncedPosition });
      },
      forward: leaves,
      attemptOver: leaves,
      registryChanged: () => {
        leaves({ kind: "registryChanged" });
      },
      released: () => {
        leaves({ kind: "released" });
      },
    };
  }

  #note(effect: Released): void {
    this.released.push(effect);
    this.listener(effect);
  }
}

export class Machine {
  disk = new SimulatedDisk();
  /** Event time; whole milliseconds and a bit. */
  nowMs = 1_000.125;
  /** Every record that was handed to the log and not refused, in order. */
  readonly records: LogRecord[] = [];
  #directory = temporaryDirectory();
  #running: RunningShard | undefined;

  constructor() {
    onTestFinished(() => this.#end());
  }

  get running(): RunningShard {
    if (this.#running === undefined) throw new Error("the machine is off");
    return this.#running;
  }

  async boot(options: BootOptions = {}): Promise<RunningShard> {
    const { checkpointBytes = Number.POSITIVE_INFINITY, beforeAppend, beforeTransaction } = options;
    const { clock = { now: (): number => this.nowMs } } = options;
    const { disk } = this;
    const recovered = await recoverShard({
      directory: this.#directory,
      writer: "inline",
      segmentBytes,
      ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
      // The tables move to another directory with each crash; the log stays where it is.
      disk: { openDirectory: () => disk.openDirectory("log") },
      ...(beforeTransaction === undefined
        ? {}
        : { simulatedStore: this.#watchedStore(beforeTransaction) }),
    });
    this.records.length = recovered.log.lastPosition;
    const { records } = this;
    const log = watchedLog(recovered.log, {
      before: beforeAppend,
      beforeStore: options.beforeStore,
      written: (batch) => void records.push(...batch),
      postponed: ({ length }) => void (records.length -= length),
    });
    const { store } = recovered;
    await openEpoch({ ...recovered, log }, clock.now());
    this.#running = new RunningShard(log, store, clock, checkpointBytes, options.largeBytes);
    this.#running.shard.resume();
    return this.#running;
  }

  /** A machine that has these records in its log, and no tables. */
  static async with(records: readonly LogRecord[]): Promise<Machine> {
    const machine = new Machine();
    const { disk } = machine;
    const { log } = await openLog({
      directory: "log",
      segmentBytes,
      disk,
      replayFrom: 1,
      onRecord: () => undefined,
    });
    await log.append(records);
    await log.close();
    machine.records.push(...records);
    return machine;
  }

  /** The process is gone, at this instant. */
  async kill(): Promise<void> {
    await this.#fall(this.disk.kill());
  }

  /** The power is gone: what was written and not synced is there or not, as the seed says. */
  async losePower(seed: number): Promise<void> {
    await this.#fall(this.disk.powerLoss(seed));
  }

  /** The digest that tables have which hold these records and were never written anywhere. */
  async digestOf(records: readonly LogRecord[]): Promise<string> {
    const store = new Store({ directory: temporaryDirectory(), writer: "inline" });
    for (const record of records) {
      const { partition, partitionPosition, epoch, timeMs, kind, body, more = [] } = record;
      const tables = store.partition(partition);
      const event = decodeEvent(kind, joinBytes([body, ...more]));
      if (event === undefined) throw new Error(`unknown kind ${kind}`);
      apply(
        {
          tables,
          partition,
          partitions: 64,
          epoch,
          nowMs: timeMs,
          token: undefined,
          emit: () => undefined,
        },
        event,
      );
      tables.undo.commit();
      tables.partitionState.appliedPosition = partitionPosition;
    }
    const digest = store.digest();
    await store.close();
    return digest;
  }

  /** What is in LMDB at this instant goes on; the process that wrote it ends. */
  async #fall(disk: SimulatedDisk): Promise<void> {
    const directory = temporaryDirectory();
    cpSync(this.#directory, directory, { recursive: true });
    await this.#end();
    this.disk = disk;
    this.#directory = directory;
  }

  async #end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    // Its disk may be dead: what it says no longer counts.
    await running.shard.close().catch(() => undefined);
    await running.log.close().catch(() => undefined);
    await running.store.close();
    if (running.early.length === 0) return;
    throw new Error(`left before it was durable: ${running.early.join()}`);
  }

  #watchedStore(beforeTransaction: () => Promise<void>): SimulatedStore {
    const environment = Environment.open(join(this.#directory, "store"));
    const inline = createInlineWriter(environment);
    const write: CheckpointWriter["write"] = async (batch) => {
      await beforeTransaction();
      return inline.write(batch);
    };
    const mappedPages = { areMany: false, letGo: (): void => undefined };
    return { environment, writer: { ...inline, write }, mappedPages };
  }
}

/** Enough events of one turn that the loop does not block for their sync. */
export function submitMany(running: RunningShard, count = 5): void {
  for (let n = 1; n <= count; n++) {
    running.shard.enqueue(n, submitted(runIdAt(n), plain(), { id: idOf(runIdAt(n), n) }), {
      token: n,
    });
  }
}

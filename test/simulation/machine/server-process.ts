// The machine of the server: its disk and its LMDB file outlive the processes that run on it. Each start is a new process
// with the real engine; a crash ends it at that very instant, also in the middle of what it does with its disk.

import {
  buildEngine,
  createClock,
  recoverShard,
  SimulatedDisk,
  startIdsAnew,
  type Engine,
  type EngineConfig,
  type EventLog,
  type LogRecord,
  type Recovered,
  type Discovered,
  type Shard,
} from "@perdure/server/simulation-kit";
import type { ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import type { Fact } from "../history.js";
import type { Durable } from "../durable.js";
import type { Network } from "./network.js";
import type { Random } from "./random.js";
import type { Process, Scheduler } from "./scheduler.js";
import { simulatedStreams } from "./simulated-stream.js";
import { SimulatedEnvironment, simulatedWriter, SimulatedLmdb } from "./simulated-environment.js";

/** Changes something of the parts of a server before they are used: how bugs are injected. */
export interface Tampering {
  readonly log?: (log: EventLog) => EventLog;
  readonly engine?: (engine: Engine) => void;
  readonly started?: (shard: Shard, recovered: Recovered) => void;
  readonly frame?: (frame: ServerFrame) => ServerFrame;
  /** Of all code of this process, as long as the world lasts. @returns what undoes it */
  readonly everywhere?: () => () => void;
}

export interface ServerWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: Random;
  readonly durable: Durable;
  readonly tell: (fact: Fact) => void;
  readonly config: EngineConfig;
  readonly segmentBytes: number;
  readonly partitions: number;
  readonly syncMs: number;
  readonly discover: (uri: string) => Discovered | undefined;
  readonly frameSent: (frame: ServerFrame) => void;
  readonly wall: () => number;
  readonly tampering: Tampering;
  /** The process is gone; it is up to the world to start another. */
  readonly died: (reason: string) => void;
}

export interface Running {
  readonly process: Process;
  readonly engine: Engine;
  readonly shard: Shard;
  readonly recovered: Recovered;
}

export class ServerMachine {
  process: Process = { name: "server 0", alive: false };
  running: Running | undefined;
  disk = new SimulatedDisk();
  readonly lmdb = new SimulatedLmdb();
  /** Every record that is in the log, or may be, by position. */
  readonly records: LogRecord[] = [];
  starts = 0;
  /** No room for checkpoints either. */
  storeFull = false;
  storeFails = false;
  /** Commits of LMDB until the process is cut off. */
  #commitsLeft = Infinity;
  #synced = 0;
  /** Something was done to it that may stop it. */
  #provoked = false;
  #syncsFail = false;
  readonly #world: ServerWorld;

  constructor(world: ServerWorld) {
    this.#world = world;
  }

  /** A new process; a crash may be planned that many operations of its disk ahead. */
  start(crashAfter = Infinity): void {
    const { scheduler } = this.#world;
    const process: Process = { name: `server ${String(++this.starts)}`, alive: true };
    this.process = process;
    this.#provoked = this.#syncsFail || this.storeFails;
    this.disk.syncDelay = () => scheduler.wait(this.#world.random.about(this.#world.syncMs));
    if (crashAfter !== Infinity) this.crashAfter(crashAfter);
    startIdsAnew();
    scheduler.after(1, process, () => {
      this.#boot(process).catch((error: unknown) => {
        if (process.alive) this.#stopped(process, error);
      });
    });
  }

  /** The process is gone, now or after so many operations of its disk, or of its store. */
  crashAfter(operations: number): void {
    const { process } = this;
    this.disk.onPowerOff = () => {
      if (process === this.process) this.crash("killed in the middle of writing");
    };
    this.disk.cutPowerAfter(operations);
    this.#commitsLeft = Math.floor(operations / 4);
  }

  crash(reason: string, losesPower = false): void {
    const { process } = this;
    if (!process.alive) return;
    process.alive = false;
    this.running = undefined;
    this.#commitsLeft = Infinity;
    const { random, network } = this.#world;
    this.disk.onPowerOff = () => undefined;
    const failSync = this.disk.failSync;
    this.disk = losesPower ? this.disk.powerLoss(random.bits()) : this.disk.kill();
    this.disk.failSync = failSync;
    network.died(process);
    this.#world.died(reason);
  }

  /** A sync fails from now on: the server must stop. */
  failSyncs(fail: boolean): void {
    this.#syncsFail = fail;
    this.disk.failSync = () => fail && this.#world.random.chance(0.3);
    if (fail) this.#provoked = true;
  }

  failStore(fail: boolean): void {
    this.storeFails = fail;
    if (fail) this.#provoked = true;
  }

  async #boot(process: Process): Promise<void> {
    const { scheduler, tell, durable, random, tampering, wall } = this.#world;
    const environment = new SimulatedEnvironment(this.lmdb, random);
    const writer = simulatedWriter(environment, scheduler, random, {
      full: () => this.storeFull,
      fails: () => this.storeFails && random.chance(0.5),
      crashPoint: (where) => {
        if (--this.#commitsLeft >= 0 || this.#commitsLeft === -Infinity) return;
        this.crash(`killed ${where} of a checkpoint`);
        throw new Error("the process is gone");
      },
    });
    const { disk } = this;
    const recovered = await recoverShard({
      directory: "",
      writer: "inline",
      partitions: this.#world.partitions,
      segmentBytes: this.#world.segmentBytes,
      disk: { openDirectory: () => disk.openDirectory("log") },
      simulatedStore: {
        environment,
        writer,
        mappedPages: { areMany: false, letGo: () => undefined },
      },
    });
    this.#adopt(recovered);
    if (!process.alive) return;
    tell({ kind: "recovered", digest: recovered.store.digest(), expected: durable.digest() });
    const clock = createClock(wall, () => scheduler.nowMs);
    const engine = buildEngine({
      config: this.#world.config,
      clock,
      log: silent,
      onFatal: (error) => {
        if (process.alive) this.#stopped(process, error);
      },
      discover: async (uri) => {
        await scheduler.wait(1);
        const found = this.#world.discover(uri);
        if (found === undefined) throw new Error(`${uri} does not answer (simulated)`);
        return found;
      },
      openStream: simulatedStreams(this.#world, process, (frame) => {
        // The real one is drawn once for each process of the system: the simulation is one.
        if (frame.frame.case === "hello") frame.frame.value.instanceId = process.name;
        const sent = tampering.frame?.(frame) ?? frame;
        this.#world.frameSent(sent);
        return sent;
      }),
    });
    tampering.engine?.(engine);
    const watched = this.#watch(recovered.log, process);
    const log = tampering.log?.(watched) ?? watched;
    const shard = await engine.start({ ...recovered, log });
    tampering.started?.(shard, { ...recovered, log });
    this.running = { process, engine, shard, recovered };
    tell({ kind: "serving", timeMs: clock.now() });
  }

  #stopped(process: Process, error: unknown): void {
    // On a full disk a server does not start.
    const provoked = this.#provoked || this.disk.capacityBytes === 0;
    this.#world.tell({ kind: "fatal", error, provoked });
    if (this.process === process) this.crash(`stopped: ${String(error)}`);
  }

  /** What survived is what there is from now on. */
  #adopt({ log }: Recovered): void {
    const { lastPosition } = log;
    const { durable, tell } = this.#world;
    if (lastPosition < this.#synced || lastPosition > this.records.length) {
      const found = `${String(lastPosition)} records, ${String(this.#synced)} were synced, ${String(this.records.length)} written`;
      tell({ kind: "recovered", digest: found, expected: "all synced records, and no others" });
    }
    this.records.length = Math.min(lastPosition, this.records.length);
    for (const record of this.records.slice(durable.count)) durable.add(record);
    this.#synced = this.records.length;
  }

  /** Notes what is handed to the log, and tells when it is durable. */
  #watch(log: EventLog, process: Process): EventLog {
    const written = (batch: readonly LogRecord[]): void => {
      this.#world.scheduler.note("append", batch.length, ...batch.map(({ body }) => body));
      this.records.push(...batch);
    };
    const durable = (): void => {
      if (!process.alive) return;
      this.#synced = this.records.length;
      for (const record of this.records.slice(this.#world.durable.count)) {
        this.#world.durable.add(record);
      }
    };
    const failed = (batch: readonly LogRecord[], error: unknown): never => {
      // Only a full disk says for certain that nothing was written.
      if (error instanceof Error && error.name === "DiskFull") this.records.length -= batch.length;
      throw error;
    };
    return {
      get syncedPosition(): number {
        return log.syncedPosition;
      },
      get lastPosition(): number {
        return log.lastPosition;
      },
      append: async (batch) => {
        written(batch);
        const position = await log.append(batch).catch((error: unknown) => failed(batch, error));
        durable();
        return position;
      },
      appendSync: (batch) => {
        written(batch);
        try {
          const position = log.appendSync(batch);
          durable();
          return position;
        } catch (error) {
          return failed(batch, error);
        }
      },
      storeBody: (parts) => log.storeBody(parts),
      dropBody: (body) => {
        log.dropBody(body);
      },
      trim: (before) => log.trim(before),
      close: () => log.close(),
    };
  }
}

const quiet = (): void => undefined;
const silent = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

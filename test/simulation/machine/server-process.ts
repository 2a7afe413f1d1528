// The machine of the server: its disk and its LMDB files outlive the processes that run on it. Each start is a new process
// with the real engine, or several that share the partitions; a crash ends it at that very instant, also in the middle of
// what it does with its disk. Workers are simulated as one process: the real ones end together, almost.

import {
  createClock,
  lastEventAt,
  Member,
  recoverShard,
  SimulatedDisk,
  startIdsAnew,
  type Clock,
  type Engine,
  type EngineConfig,
  type EventLog,
  type Invocations,
  type MemberOptions,
  type Operators,
  type PeerLink,
  type Recovered,
  type Registry,
  type Discovered,
  type Shard,
} from "@perdure/server/simulation-kit";
import type { ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import type { Fact } from "../history.js";
import type { Durable } from "../durable.js";
import type { Network } from "./network.js";
import type { Random } from "./random.js";
import type { Process, Scheduler } from "./scheduler.js";
import { ShardMachine } from "./shard-machine.js";
import { simulatedLinks } from "./simulated-links.js";
import { simulatedClients } from "./simulated-requests.js";
import { simulatedStreams } from "./simulated-stream.js";
import { SimulatedEnvironment, simulatedWriter } from "./simulated-environment.js";

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
  readonly workers: number;
  readonly syncMs: number;
  /** Of an event's values: more of them lie beside the log. */
  readonly largeBytes: number;
  readonly discover: (uri: string) => Discovered | undefined;
  readonly frameSent: (frame: ServerFrame) => void;
  readonly wall: () => number;
  readonly tampering: Tampering;
  /** The process is gone; it is up to the world to start another. */
  readonly died: (reason: string) => void;
}

export interface Running {
  readonly process: Process;
  readonly registry: Registry;
  readonly operators: Operators;
  /** Through each worker in turn. */
  readonly invocations: Invocations;
}

export class ServerMachine {
  process: Process = { name: "server 0", alive: false };
  running: Running | undefined;
  disk = new SimulatedDisk();
  readonly #shards: readonly ShardMachine[];
  starts = 0;
  /** No room for checkpoints either. */
  storeFull = false;
  storeFails = false;
  /** Commits of LMDB until the process is cut off. */
  #commitsLeft = Infinity;
  /** Something was done to it that may stop it. */
  #provoked = false;
  #syncsFail = false;
  readonly #world: ServerWorld;

  constructor(world: ServerWorld) {
    this.#world = world;
    const numbers = [...Array(world.workers).keys()];
    this.#shards = numbers.map((number) => new ShardMachine(number, world));
  }

  /** Transactions of checkpoints so far. */
  get commits(): number {
    return this.#shards.reduce((sum, { lmdb }) => sum + lmdb.commits, 0);
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
    const { scheduler, tell, wall } = this.#world;
    const found: Recovered[] = [];
    for (const shard of this.#shards) {
      found.push(await this.#recover(shard));
      if (!process.alive) return;
    }
    const clock = createClock(wall, () => scheduler.nowMs);
    const { partitions, workers, tampering } = this.#world;
    const links = this.#shards.map(() => new Map<number, PeerLink>());
    const members = this.#shards.map(
      ({ number }): Member =>
        new Member({
          worker: number,
          layout: { partitions, workers },
          links: links[number] ?? new Map<number, PeerLink>(),
          engine: this.#engineOptions(process, number, clock),
        }),
    );
    simulatedLinks(this.#world, process, members, links);
    const lastAt = Math.max(...found.map((recovered) => lastEventAt(recovered)));
    await Promise.all(
      members.map(async (member, number) => {
        tampering.engine?.(member.engine);
        const recovered = found[number] as Recovered;
        const watched = (this.#shards[number] as ShardMachine).watch(recovered.log, process);
        const log = tampering.log?.(watched) ?? watched;
        const shard = await member.start({ ...recovered, log }, lastAt);
        tampering.started?.(shard, { ...recovered, log });
      }),
    );
    const [first] = members as [Member];
    await first.lead();
    if (!process.alive) return;
    let turn = 0;
    this.running = {
      process,
      registry: first.engine.registry,
      operators: first.operators,
      get invocations(): Invocations {
        return (members[turn++ % members.length] as Member).invocations;
      },
    };
    tell({ kind: "serving", timeMs: clock.now() });
  }

  async #recover(shard: ShardMachine): Promise<Recovered> {
    const { scheduler, random } = this.#world;
    const environment = new SimulatedEnvironment(shard.lmdb, random);
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
      disk: { openDirectory: () => disk.openDirectory(shard.directory) },
      simulatedStore: {
        environment,
        writer,
        mappedPages: { areMany: false, letGo: () => undefined },
      },
    });
    shard.adopt(recovered);
    return recovered;
  }

  #engineOptions(process: Process, worker: number, clock: Clock): MemberOptions["engine"] {
    const { scheduler, tampering, config, discover } = this.#world;
    const outgoing = (frame: ServerFrame): ServerFrame => {
      // The real one is drawn once for each process of the system: the simulation is one.
      if (frame.frame.case === "hello") {
        frame.frame.value.instanceId = `${process.name} worker ${String(worker)}`;
      }
      const sent = tampering.frame?.(frame) ?? frame;
      this.#world.frameSent(sent);
      return sent;
    };
    return {
      config,
      clock,
      log: silent,
      onFatal: (error) => {
        if (process.alive) this.#stopped(process, error);
      },
      discover: async (uri) => {
        await scheduler.wait(1);
        const found = discover(uri);
        if (found === undefined) throw new Error(`${uri} does not answer (simulated)`);
        return found;
      },
      openStream: simulatedStreams(this.#world, process, outgoing),
      openClient: simulatedClients(this.#world, process, outgoing),
      largeBytes: this.#world.largeBytes,
    };
  }

  #stopped(process: Process, error: unknown): void {
    // On a full disk a server does not start.
    const provoked = this.#provoked || this.disk.capacityBytes === 0;
    this.#world.tell({ kind: "fatal", error, provoked });
    if (this.process === process) this.crash(`stopped: ${String(error)}`);
  }
}

const quiet = (): void => undefined;
const silent = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

// The machine of the server: its disk and its LMDB files outlive the processes that run on it. Each start is a new process
// with the real engine, or several that share the partitions; a crash ends it at that very instant, also in the middle of
// what it does with its disk. Workers are simulated as one process: the real ones end together, almost.

import {
  createClock,
  lastEventAt,
  Member,
  movePartitions,
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
  type Watches,
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
  /** Of the first start. */
  readonly workers: number;
  /** Share of the starts with another number of workers. */
  readonly moves: number;
  readonly syncMs: number;
  /** Of an event's values: more of them lie beside the log. */
  readonly largeBytes: number;
  readonly eventsPerBatch: number;
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
  readonly watches: Pick<Watches, "watch">;
}

export class ServerMachine {
  process: Process = { name: "server 0", alive: false };
  running: Running | undefined;
  disk = new SimulatedDisk();
  #shards: readonly ShardMachine[];
  starts = 0;
  /** Times that a move of the partitions to other shards was begun. */
  moves = 0;
  /** No room for checkpoints either. */
  storeFull = false;
  storeFails = false;
  /** Commits of LMDB until the process is cut off. */
  #commitsLeft = Infinity;
  /** Something was done to it that may stop it. */
  #provoked = false;
  #syncsFail = false;
  /** Of shards that were given up. */
  #earlierCommits = 0;
  readonly #world: ServerWorld;
  readonly #movesDrawn: Random;

  constructor(world: ServerWorld) {
    this.#world = world;
    this.#movesDrawn = world.random.fork("moves");
    this.#shards = this.#newShards(world.workers);
  }

  #newShards(shards: number): ShardMachine[] {
    const { moves } = this;
    const numbers = [...Array(shards).keys()];
    return numbers.map((number) => new ShardMachine({ number, shards, moves }, this.#world));
  }

  /** Transactions of checkpoints so far. */
  get commits(): number {
    return this.#shards.reduce((sum, { lmdb }) => sum + lmdb.commits, this.#earlierCommits);
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
    const before = await this.#recoverAll(process);
    if (before === undefined) return;
    const wanted = this.#wantedWorkers();
    const found =
      wanted === before.length ? before : await this.#recoverMoved(process, before, wanted);
    if (found === undefined) return;
    const clock = createClock(wall, () => scheduler.nowMs);
    const { partitions, tampering } = this.#world;
    const workers = this.#shards.length;
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
    const inTurn = (): Member => members[turn++ % members.length] as Member;
    this.running = {
      process,
      registry: first.engine.registry,
      operators: first.operators,
      get invocations(): Invocations {
        return inTurn().invocations;
      },
      get watches(): Pick<Watches, "watch"> {
        return inTurn().watches;
      },
    };
    tell({ kind: "serving", timeMs: clock.now() });
  }

  /** Undefined where the process is gone. */
  async #recoverAll(process: Process): Promise<Recovered[] | undefined> {
    const found: Recovered[] = [];
    for (const shard of this.#shards) {
      found.push(await this.#recover(shard));
      if (!process.alive) return undefined;
    }
    return found;
  }

  #wantedWorkers(): number {
    const { moves, partitions } = this.#world;
    const random = this.#movesDrawn;
    if (!random.chance(moves)) return this.#shards.length;
    return Math.min(partitions, random.pick([1, 2, 3]));
  }

  /** Moves the partitions, and recovers the shards that have them now. */
  async #recoverMoved(
    process: Process,
    found: readonly Recovered[],
    wanted: number,
  ): Promise<Recovered[] | undefined> {
    for (const { store, log } of found) {
      store.giveUpWhenFull();
      const outcome = await store.checkpoint(log.lastPosition);
      if (!process.alive) return undefined;
      if (outcome === "diskFull") throw new Error("no room for a move (simulated)");
    }
    this.moves++;
    const shards = this.#newShards(wanted);
    await movePartitions({
      from: found.map(({ store }) => store),
      to: shards.map(
        ({ lmdb }) =>
          () =>
            new SimulatedEnvironment(lmdb, this.#world.random),
      ),
      moved: () => {
        this.#crashPoint("in the middle of a move");
      },
    });
    for (const { log } of found) await log.close();
    if (!process.alive) return undefined;
    this.#earlierCommits = this.commits;
    this.#shards = shards;
    return await this.#recoverAll(process);
  }

  #crashPoint(where: string): void {
    if (--this.#commitsLeft >= 0 || this.#commitsLeft === -Infinity) return;
    this.crash(`killed ${where}`);
    throw new Error("the process is gone");
  }

  async #recover(shard: ShardMachine): Promise<Recovered> {
    const { scheduler, random } = this.#world;
    const environment = new SimulatedEnvironment(shard.lmdb, random);
    const writer = simulatedWriter(environment, scheduler, random, {
      full: () => this.storeFull,
      fails: () => this.storeFails && random.chance(0.5),
      crashPoint: (where) => {
        this.#crashPoint(`${where} of a checkpoint`);
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
        if (found === undefined) throw new Away(`${uri} does not answer (simulated)`);
        return found;
      },
      openStream: simulatedStreams(this.#world, process, outgoing),
      openClient: simulatedClients(this.#world, process, outgoing),
      largeBytes: this.#world.largeBytes,
      eventsPerBatch: this.#world.eventsPerBatch,
    };
  }

  #stopped(process: Process, error: unknown): void {
    // On a full disk a server does not start.
    const provoked = this.#provoked || this.disk.capacityBytes === 0;
    this.#world.tell({ kind: "fatal", error, provoked });
    if (this.process === process) this.crash(`stopped: ${String(error)}`);
  }
}

/** A deployment that was asked what it offers. */
class Away extends Error {
  override readonly name = "Away";
}

const quiet = (): void => undefined;
const silent = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

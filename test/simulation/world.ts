// One simulated world, from a seed to its end: a server machine, the processes of its deployments, callers and
// operators, and faults. First it is stirred, with whatever faults its profile has; then all faults stop, and everything
// that was accepted must come to its end.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { checkers } from "./checkers/index.js";
import { canaries, type CanaryName } from "./canaries.js";
import { Coverage, type Covered } from "./coverage.js";
import { Durable } from "./durable.js";
import type { Checker, Fact } from "./history.js";
import { Callers } from "./machine/callers.js";
import { enterWorld } from "./machine/globals.js";
import { lastResort } from "./machine/last-resort.js";
import { Network } from "./machine/network.js";
import { Random } from "./machine/random.js";
import { Scheduler, type Process } from "./machine/scheduler.js";
import { ServerMachine, type Tampering } from "./machine/server-process.js";
import { ServiceProcess } from "./machine/service-process.js";
import { drawProfile, type FaultKind, type Profile, type Weather } from "./profile.js";
import { Clients } from "./clients.js";
import { configOf } from "./engine-config.js";
import { Faults } from "./faults.js";
import { Helpers } from "./helpers.js";
import { OperatorsAtWork } from "./operators.js";
import { Releases } from "./releases.js";

export interface RunOptions {
  readonly seed: number;
  /** What callers and faults do, in all. */
  readonly steps: number;
  readonly canary?: CanaryName | undefined;
  /** Default: as the seed says. */
  readonly weather?: Weather | undefined;
}

export interface RunResult {
  readonly seed: number;
  readonly offences: readonly string[];
  /** The checkers that found something. */
  readonly broken: readonly string[];
  readonly invocations: number;
  readonly records: number;
  readonly closures: number;
  /** Attempts that were started before their event was durable; results that the code saw before they were recorded. */
  readonly early: number;
  readonly crashes: number;
  readonly checkpoints: number;
  /** To another number of workers, begun. */
  readonly moves: number;
  readonly messages: number;
  readonly tasks: number;
  readonly simulatedMs: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly covered: Covered;
  /** Of the whole history. */
  readonly digest: string;
}

const epochMs = 1_700_000_000_000;
const settleMsMax = 20 * 60_000;
/** Longer ones are not waited for. */
const shortRetentionMsMax = 60_000;
/** By then it must be gone. */
const forgetMs = 15_000;
/** What a bug stops is not waited for as long. */
const canarySettleMsMax = 2 * 60_000;
/** A bug may make everything fail over and over. */
const canaryTasksMax = 60_000;

/** What a world's parts share. */
export interface WorldParts {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: Random;
  readonly profile: Profile;
  readonly durable: Durable;
  readonly server: ServerMachine;
  readonly callers: Callers;
  readonly outside: Process;
  readonly tell: (fact: Fact) => void;
}

export class World {
  readonly offences: string[] = [];
  readonly #options: RunOptions;
  readonly #random: Random;
  readonly #profile: Profile;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #durable: Durable;
  readonly #server: ServerMachine;
  readonly #callers: Callers;
  readonly #clients: Clients;
  readonly #helpers: Helpers;
  readonly #operators: OperatorsAtWork;
  readonly #releases: Releases;
  readonly #faults: Faults;
  readonly #coverage = new Coverage();
  readonly #outside: Process = { name: "outside", alive: true };
  readonly #checkers: readonly Checker[];
  readonly #executions = new Map<string, number>();
  readonly #startedAt = new Map<string, number>();
  readonly #services = new Map<string, ServiceProcess>();
  readonly #tampering: Tampering;
  /** Names of the checkers that found something. */
  readonly #broken = new Set<string>();
  #wallOffsetMs = 0;
  #closures = 0;
  #early = 0;
  #servingSince = 0;
  #crashes = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    const random = (this.#random = new Random(options.seed));
    const profile = (this.#profile = drawProfile(random.fork("profile"), options.weather));
    this.#scheduler = new Scheduler(random.fork("turns"), this.#outside);
    this.#scheduler.onError = (owner, error) => {
      if (owner.alive) this.#offend("no error escapes", `${owner.name}: ${String(error)}`);
    };
    this.#tampering =
      options.canary === undefined ? {} : canaries[options.canary].tampering(random.fork("canary"));
    this.#network = new Network(this.#scheduler, random.fork("network"));
    this.#network.latencyMs = profile.latencyMs;
    this.#durable = new Durable(profile.partitions, (fact) => {
      this.#tell(fact);
    });
    this.#server = new ServerMachine({
      scheduler: this.#scheduler,
      network: this.#network,
      random: random.fork("server"),
      durable: this.#durable,
      tell: (fact) => {
        this.#tell(fact);
      },
      config: configOf(profile),
      segmentBytes: profile.segmentBytes,
      partitions: profile.partitions,
      workers: profile.workers,
      moves: profile.moves,
      syncMs: profile.syncMs,
      largeBytes: profile.largeBytes,
      eventsPerBatch: profile.eventsPerBatch,
      discover: (uri) => {
        const service = this.#services.get(uri);
        return service?.process.alive === true ? service.discovered : undefined;
      },
      frameSent: ({ frame, attempt, position }) => {
        if (frame.case !== "start" || attempt === undefined) return;
        if (position > 0n) this.#early++;
        const { runId } = frame.value;
        const { epoch, counter } = attempt;
        this.#startedAt.set(`${runId} ${epoch}.${counter}`, this.#durable.count);
      },
      wall: () => this.#wall(),
      tampering: this.#tampering,
      died: (reason) => {
        this.#serverDied(reason);
      },
    });
    this.#callers = new Callers({
      scheduler: this.#scheduler,
      network: this.#network,
      random: random.fork("callers"),
      server: this.#server,
      tell: (fact) => {
        this.#tell(fact);
      },
      losses: () => (this.#faults.over ? 0 : profile.lostAnswers),
    });
    const parts: WorldParts = {
      scheduler: this.#scheduler,
      network: this.#network,
      random,
      profile,
      durable: this.#durable,
      server: this.#server,
      callers: this.#callers,
      outside: this.#outside,
      tell: (fact) => {
        this.#tell(fact);
      },
    };
    this.#clients = new Clients(parts);
    this.#helpers = new Helpers(parts, this.#clients);
    this.#operators = new OperatorsAtWork(parts);
    const hosts = {
      services: this.#services,
      startService: (address: string): void => {
        this.#startService(address);
      },
    };
    this.#releases = new Releases(parts, this.#clients, hosts);
    this.#faults = new Faults(parts, {
      ...hosts,
      setClock: (ms) => {
        this.#wallOffsetMs += ms;
      },
      operate: (kind) => {
        this.#operators.operate(kind);
      },
      release: (kind) => {
        this.#releases.release(kind);
      },
    });
    this.#checkers = checkers.map((create): Checker => {
      const checker: Checker = create({
        durable: this.#durable,
        retention: profile.retention,
        offend: (message) => {
          this.#offend(checker.name, message);
        },
      });
      return checker;
    });
  }

  async run(): Promise<RunResult> {
    const scheduler = this.#scheduler;
    enterWorld({ scheduler, random: this.#random.fork("engine"), wall: () => this.#wall() });
    lastResort.report = (error) => {
      this.#scheduler.onError(this.#scheduler.current, error);
    };
    const undo = this.#tampering.everywhere?.();
    try {
      this.#server.start();
      this.#releases.newRevision();
      await this.#stir();
      const idle = await this.#settle();
      if (idle) await this.#forget();
      if (!this.#failed) {
        const servedMs = this.#scheduler.nowMs - this.#servingSince;
        this.#tell({ kind: "end", idle, servedMs });
      }
    } finally {
      undo?.();
      enterWorld(undefined);
    }
    return this.#result();
  }

  get #failed(): boolean {
    const { canary } = this.#options;
    if (canary === undefined) return this.offences.length > 0;
    // Other checkers may see it as well: it goes on until the one that must.
    return [...this.#broken].some((name) => name.startsWith(canaries[canary].checker));
  }

  async #stir(): Promise<void> {
    const random = this.#random.fork("steps");
    let left = this.#options.steps;
    const next = (): void => {
      if (left-- <= 0) return;
      if (!this.#faults.maybe(random)) this.#clients.submit(random);
      this.#scheduler.after(random.about(this.#profile.gapMs), this.#outside, next);
    };
    this.#scheduler.after(50, this.#outside, () => {
      for (let rules = 0; rules < 3; rules++) this.#operators.changeRules();
      next();
    });
    await this.#scheduler.run(() => left <= 0 || this.#failed, 30 * 60_000);
  }

  /** Faults are over. True where everything has come to its end in time. */
  async #settle(): Promise<boolean> {
    const scheduler = this.#scheduler;
    this.#faults.stop();
    const canary = this.#options.canary !== undefined;
    const deadline = scheduler.nowMs + (canary ? canarySettleMsMax : settleMsMax);
    const tasksMax = canary ? canaryTasksMax : Infinity;
    while (scheduler.nowMs < deadline && scheduler.tasks < tasksMax && !this.#failed) {
      const until = scheduler.nowMs + 2_000;
      await scheduler.run(() => this.#failed, until);
      scheduler.nowMs = Math.max(scheduler.nowMs, until);
      if (this.#isDone()) return true;
      this.#clients.resumePaused();
    }
    return this.#isDone();
  }

  /** What is kept for a short time has time to go. */
  async #forget(): Promise<void> {
    const { retention } = this.#profile;
    const shortMs = Object.values(retention).filter((ms) => ms <= shortRetentionMsMax);
    if (shortMs.length === 0) return;
    const scheduler = this.#scheduler;
    const until = scheduler.nowMs + Math.max(...shortMs) + forgetMs;
    await scheduler.run(() => this.#failed, until);
    scheduler.nowMs = Math.max(scheduler.nowMs, until);
  }

  #isDone(): boolean {
    if (this.#clients.waiting > 0 || this.#server.running === undefined) return false;
    for (const runId of this.#durable.runs()) {
      const status = this.#durable.invocation(runId)?.status;
      if (status !== undefined && status !== InvocationStatus.COMPLETED) return false;
    }
    return this.#durable.leftovers().length === 0;
  }

  #startService(address: string): void {
    const process: Process = { name: `${address} ${this.#scheduler.tasks}`, alive: true };
    const service = new ServiceProcess(
      {
        scheduler: this.#scheduler,
        network: this.#network,
        random: this.#random,
        tell: (fact) => {
          if (process.alive) this.#tell(fact);
        },
        wants: (want) => {
          this.#helpers.want(want);
        },
        execution: (runId, step) => {
          const key = `${runId} ${step}`;
          const count = (this.#executions.get(key) ?? 0) + 1;
          this.#executions.set(key, count);
          return count;
        },
        requested: () => {
          this.#coverage.counts["attempts as requests"]++;
        },
        startedAt: (attempt) => this.#startedAt.get(attempt) ?? 0,
        slowness: () => this.#faults.slowness,
        lazyState: this.#profile.lazyState,
      },
      process,
      address,
    );
    this.#services.set(address, service);
  }

  #serverDied(reason: string): void {
    this.#crashes++;
    this.#scheduler.note("died", reason);
    this.#callers.died(this.#server.process, this.#outside);
    this.#faults.serverDied();
  }

  #wall(): number {
    return epochMs + this.#scheduler.nowMs + this.#wallOffsetMs;
  }

  #tell(fact: Fact): void {
    if (fact.kind === "closure") this.#closures++;
    if (fact.kind === "serving") this.#servingSince = this.#scheduler.nowMs;
    if (fact.kind === "durable" && fact.created !== undefined) this.#helpers.known(fact.created);
    if (fact.kind === "durable" && fact.event.case === "appended") {
      for (const { item } of fact.event.value.items) {
        if (item.case === "proposal" && item.value.shownAfter !== undefined) this.#early++;
      }
    }
    if (fact.kind === "closure" || fact.kind === "ended" || fact.kind === "saw") {
      this.#scheduler.note(
        JSON.stringify(fact, (key, value: unknown) => (key === "attempt" ? 0 : value)),
      );
    }
    this.#coverage.note(fact, this.#durable);
    for (const checker of this.#checkers) checker.check(fact);
  }

  #offend(promise: string, message: string): void {
    this.#broken.add(promise);
    if (this.offences.length < 20) this.offences.push(`${promise}: ${message}`);
  }

  #result(): RunResult {
    return {
      seed: this.#options.seed,
      offences: this.offences,
      broken: [...this.#broken],
      invocations: [...this.#durable.runs()].length,
      records: this.#durable.count,
      closures: this.#closures,
      early: this.#early,
      crashes: this.#crashes,
      checkpoints: this.#server.commits,
      moves: this.#server.moves,
      messages: this.#network.messages,
      tasks: this.#scheduler.tasks,
      simulatedMs: this.#scheduler.nowMs,
      faults: this.#faults.counts,
      covered: this.#coverage.counts,
      digest: this.#scheduler.digest(),
    };
  }
}

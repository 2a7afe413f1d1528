// The invoker: takes what is ready, group by group, within its slots, starts attempts on sessions, turns what
// they send into events, and lets go of attempts that only wait.
//   I1. An attempt is told of a notification only when it is durable. It may be started before (startEarly), where the
//       deployment starts no closure until it is told that what the attempt began with is durable.
//   I2. An attempt that waits holds no slot. When many wait, the longest waiting are suspended first.
//   I3. Memory is bounded: heads of groups and what runs, nothing for what sleeps, queues or backs off.
// How attempts begin is in attempt-starts.ts, what they say in attempt-listener.ts, those that run in running-attempts.ts.

import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import { drop } from "@perdure/protocol/messages";
import type { Effect } from "../core/effect.js";
import { parseReadyGroup } from "../core/ready.js";
import type { Log } from "../observe/log.js";
import type { AddressGuard } from "../outbound/address-guard.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import type { Placement } from "../shard/placement.js";
import type { Clock } from "../shard/clock.js";
import type { RegistryView } from "../shard/registry-view.js";
import type { RetentionDefaults } from "../shard/retention.js";
import type { Shard } from "../shard/shard.js";
import { entryBytes } from "../store/table-specs.js";
import { AttemptEvents } from "./attempt-events.js";
import { abortFrame, proposalAccepted } from "./attempt-frames.js";
import { AttemptListener } from "./attempt-listener.js";
import { AttemptStarts } from "./attempt-starts.js";
import { frameOverheadMax } from "./budget.js";
import { EarlyStarts } from "./early-starts.js";
import type { InvokerDefaults } from "./handler-options.js";
import { Isolation } from "./isolation.js";
import type { Link, OpenClient } from "./link.js";
import { Links } from "./links.js";
import { ReadyGroups } from "./ready-groups.js";
import { RunningAttempts, type RunningLimits } from "./running-attempts.js";
import type { OpenStream } from "./session.js";

export interface InvokerOptions {
  readonly shard: () => Shard;
  readonly view: () => RegistryView;
  readonly clock: Clock;
  readonly log: Log;
  /** Signs what goes out to deployments. */
  readonly signer?: RequestSigner | undefined;
  /** Which addresses may be connected to. */
  readonly guard?: AddressGuard | undefined;
  /** What messages of sessions travel on. Default: HTTP/2. */
  readonly openStream?: OpenStream | undefined;
  /** What requests travel on. Default: HTTP. */
  readonly openClient?: OpenClient | undefined;
  readonly defaults: InvokerDefaults;
  readonly retention: RetentionDefaults;
  readonly limits: AttemptLimits;
  /** Where what is called and has no place of its own is run. Default: anywhere. */
  readonly placement?: Placement | undefined;
  /** An attempt computes or waits now, and did not before. */
  readonly attemptChanged?: (runId: string) => void;
}

export interface AttemptLimits extends RunningLimits {
  /** The largest value that a command or a step may bring. */
  readonly valueBytesMax: number;
  readonly eagerStateBytesMax: number;
  /** The most attempts that services may ask for. */
  readonly maxRetryAttempts: number;
}

const silenceLookEveryMs = 250;
/** Attempts that are let go of at a time when memory is wanted. */
const letGoAtOnce = 16;

type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

export class Invoker {
  readonly #options: InvokerOptions;
  readonly #groups: ReadyGroups;
  readonly #links: Links;
  readonly #running: RunningAttempts;
  readonly #listener: AttemptListener;
  readonly #starts: AttemptStarts;
  readonly #early = new EarlyStarts();
  readonly #isolation: Isolation;
  readonly #silenceTimer: NodeJS.Timeout;
  #stopped = false;

  constructor(options: InvokerOptions) {
    this.#options = options;
    const { clock, limits, log, signer, guard, openStream, openClient, view } = options;
    const events = new AttemptEvents(options);
    const running = new RunningAttempts({ limits, clock, events });
    const isolation = new Isolation(clock, running.byRun);
    const groups = new ReadyGroups(
      (partition) => options.shard().tables(partition),
      (runId) => running.byRun.has(runId),
    );
    const shared = { ...options, running, events, isolation };
    const listener = new AttemptListener({
      ...shared,
      valueBytesMax: limits.valueBytesMax,
      isCurrent: (link) => this.#links.isCurrent(link),
      pump: () => {
        this.#pumpWhenDurable();
      },
    });
    const frameBytesMax = limits.valueBytesMax + frameOverheadMax;
    this.#links = new Links({
      view,
      link: { listener, log, signer, guard, frameBytesMax, openStream, openClient },
      onLeft: (link) => {
        this.#left(link);
      },
    });
    this.#starts = new AttemptStarts({ ...shared, groups, links: this.#links, early: this.#early });
    this.#running = running;
    this.#isolation = isolation;
    this.#groups = groups;
    this.#listener = listener;
    this.#silenceTimer = setInterval(() => {
      running.giveUpSilent();
      // What holds others up does so for a time.
      if (isolation.isWanted) this.#pumpWhenDurable();
    }, silenceLookEveryMs);
    this.#silenceTimer.unref();
  }

  /** After recovery: the ready rows of a partition. */
  discover(partition: number): void {
    this.#groups.discover(partition);
  }

  // ---- effects of the shard

  ready(partition: number, effect: EffectOf<"ready">): void {
    this.#groups.add(effect.group, { partition, runId: effect.runId });
  }

  /** See {@link Shell.readyEarly}. */
  readyEarly(partition: number, effect: EffectOf<"ready">): boolean {
    if (this.#stopped || this.#running.byRun.has(effect.runId)) return false;
    const link = this.#links.of(effect.group);
    if (link?.open !== true || !link.gated) return false;
    this.ready(partition, effect);
    return true;
  }

  /** Starts what can be started behind a gate: a batch is about to be synced. */
  startEarly(position: number): void {
    this.#early.begin(BigInt(position));
    this.pump();
  }

  /** The batch is durable: gates open. */
  released(): void {
    this.#early.released((group, item) => {
      this.#groups.add(group, item);
    });
  }

  forward(effect: EffectOf<"forward">): void {
    const attempt = this.#running.byRun.get(effect.runId);
    if (attempt === undefined || attempt.number.counter !== effect.attempt) return;
    // It was started early, with what its batch brought: it has said, or will say, that it waits for something else.
    if (effect.index < attempt.startedWith) return;
    if (attempt.link.requestResponse) return this.#listener.toldToNobody(attempt, effect.index);
    attempt.waiting = undefined;
    attempt.activeAtMs = this.#options.clock.now();
    this.#running.waiting.delete(attempt);
    const { index, entry, completion, proposed } = effect;
    if (!proposed) this.#running.room.grow(attempt, entryBytes(entry));
    this.#running.send(
      attempt,
      proposed && completion !== undefined
        ? { case: "proposalAccepted", value: proposalAccepted(index, completion.completionId) }
        : { case: "notify", value: { $typeName: "perdure.protocol.v1.Notify", index, entry } },
    );
  }

  attemptOver(effect: EffectOf<"attemptOver">): void {
    const attempt = this.#running.byRun.get(effect.runId);
    if (attempt === undefined || attempt.number.counter !== effect.attempt) return;
    if (!attempt.knownOver) {
      this.#running.send(attempt, effect.why === "suspended" ? drop : abortFrame(effect.why));
    }
    this.#running.forget(attempt);
  }

  /** Starts what can be started. Only when the tables are durable. */
  pump(): void {
    if (this.#stopped) return;
    const { room, waiting } = this.#running;
    let names = this.#groups.names();
    const hasRoom = (): boolean => room.hasMemory && room.slotsLeft(waiting.size) > 0;
    // Groups take turns, one row at a time, until none can go on.
    while (names.length > 0 && hasRoom()) {
      const crowded = room.crowded(waiting.size);
      names = names.filter((name) => hasRoom() && this.#starts.startOne(name, crowded));
    }
    if (names.length > 0 && !room.hasMemory) waiting.letGo(letGoAtOnce);
  }

  /** Deployments have come, changed or gone: the sessions follow. */
  registryChanged(): void {
    this.#links.registryChanged();
  }

  /** Whether an attempt computes, or waits to be started. */
  get busy(): boolean {
    return this.#running.byRun.size > this.#running.waiting.size || this.#groups.names().length > 0;
  }

  /** Whether a run has an attempt at this moment. */
  isRunning(runId: string): boolean {
    return this.#running.byRun.has(runId);
  }

  /** What the attempt of a run does, if it has one. */
  attemptOf(runId: string): "computing" | "waiting" | undefined {
    const attempt = this.#running.byRun.get(runId);
    if (attempt === undefined || attempt.knownOver) return undefined;
    return attempt.waiting === undefined ? "computing" : "waiting";
  }

  /** Attempts that a deployment has at this moment. */
  attemptsOn(deploymentId: string): number {
    let count = 0;
    for (const { link } of this.#running.byRun.values()) {
      if (link.deployment.id === deploymentId) count++;
    }
    return count;
  }

  /** Why an invocation that wants an attempt has none. */
  waitsFor({ status, queueGroup }: Invocation): string | undefined {
    if (status !== InvocationStatus.READY) return undefined;
    const group = parseReadyGroup(queueGroup);
    const link = this.#links.of(queueGroup);
    if (link === undefined) {
      return group.kind === "service"
        ? `a deployment that offers ${group.name}`
        : `deployment ${group.id}, which was removed`;
    }
    const { id, uri } = link.deployment;
    return link.reachable ? "a slot" : `deployment ${id} at ${uri}, which can't be reached`;
  }

  /** Starts nothing more, and lets go of the sessions. */
  close(): void {
    this.#stopped = true;
    clearInterval(this.#silenceTimer);
    this.#running.waiting.close();
    this.#links.close();
  }

  /** A suspect that was to be started on the link goes back to where it waited. */
  #left(link: Link): void {
    const item = this.#isolation.closed(link);
    if (item === undefined) return;
    const tables = this.#options.shard().tables(item.partition);
    const invocation = tables.invocations.get(item.runId);
    if (invocation !== undefined) this.#groups.add(invocation.queueGroup, item);
  }

  #pumpWhenDurable(): void {
    this.#options.shard().whenDurable(() => {
      this.pump();
    });
  }
}

// The invoker: takes what is ready, group by group, within its slots, starts attempts on sessions, turns what
// they send into events, and lets go of attempts that only wait.
//   I1. An attempt is told of a notification only when it is durable. It may be started before (startEarly), where the
//       deployment starts no closure until it is told that what the attempt began with is durable.
//   I2. An attempt that waits holds no slot. When many wait, the longest waiting are suspended first.
//   I3. Memory is bounded: heads of groups and what runs, nothing for what sleeps, queues or backs off.

import {
  AttemptFailed_Behavior as Behavior,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import type { AppendedItem } from "@perdure/proto/storage/v1/events";
import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import { serverFrameOf } from "@perdure/protocol/messages";
import type { Effect } from "../core/effect.js";
import { deploymentGroup, parseReadyGroup } from "../core/ready.js";
import type { Log } from "../observe/log.js";
import type { AddressGuard } from "../outbound/address-guard.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import type { Placement } from "../shard/placement.js";
import type { RegisteredService, RegistryView } from "../shard/registry-view.js";
import type { Clock } from "../shard/clock.js";
import type { RetentionDefaults } from "../shard/retention.js";
import type { Shard } from "../shard/shard.js";
import { entryBytes } from "../store/table-specs.js";
import { nothingIncoming, type Attempt } from "./attempt.js";
import { createLink, updatedLink } from "./create-link.js";
import { abortFrame, attemptNumber, proposalAccepted, takeFrame } from "./attempt-frames.js";
import { AttemptEvents } from "./attempt-events.js";
import { AttemptRoom, type RoomLimits } from "./attempt-room.js";
import {
  checkValue,
  envelopeBytes,
  excessOf,
  frameOverheadMax,
  itemBytes,
  valueTooLarge,
} from "./budget.js";
import { failedBySdk, failedByServer } from "./failures.js";
import { handlerOptions, type HandlerOptions, type InvokerDefaults } from "./handler-options.js";
import { Isolation } from "./isolation.js";
import type { Link } from "./link.js";
import { ReadyGroups, type ReadyItem } from "./ready-groups.js";
import type { OpenStream } from "./session.js";
import { bytesOfStart, startFrame } from "./start-frame.js";
import { WaitingAttempts } from "./waiting-attempts.js";

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
  readonly defaults: InvokerDefaults;
  readonly retention: RetentionDefaults;
  readonly limits: AttemptLimits;
  /** Where what is called and has no place of its own is run. Default: anywhere. */
  readonly placement?: Placement | undefined;
  /** An attempt computes or waits now, and did not before. */
  readonly attemptChanged?: (runId: string) => void;
}

export interface AttemptLimits extends RoomLimits {
  /** Journal and state of one attempt; an invocation that needs more is paused. */
  readonly attemptBytesMax: number;
  /** The largest value that a command or a step may bring. */
  readonly valueBytesMax: number;
  readonly eagerStateBytesMax: number;
  /** The most attempts that services may ask for. */
  readonly maxRetryAttempts: number;
}

const silenceLookEveryMs = 250;
/** Attempts that are let go of at a time when memory is wanted. */
const letGoAtOnce = 16;

/** What is started while a batch is synced. */
interface Early {
  readonly position: bigint;
  /** To be told when the batch is durable. */
  readonly links: Set<Link>;
  /** Taken from their groups, and for deployments that could not be told. */
  readonly later: { readonly group: string; readonly item: ReadyItem }[];
}

const crashed =
  "the session ended while the attempt was the only one that had just been started on the deployment, as it did several times before: the handler seems to end the process that it runs in";

type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

export class Invoker {
  readonly #options: InvokerOptions;
  readonly #groups: ReadyGroups;
  readonly #links = new Map<string, Link>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #byStream = new Map<number, Attempt>();
  readonly #waiting: WaitingAttempts;
  readonly #room: AttemptRoom;
  readonly #events: AttemptEvents;
  readonly #isolation: Isolation;
  readonly #handlerOptions = new WeakMap<RegisteredService, Map<string, HandlerOptions>>();
  readonly #silenceTimer: NodeJS.Timeout;
  #lastStreamId = 0;
  /** While a batch is synced: what is started now has to wait for it. */
  #early: Early | undefined;
  #stopped = false;

  constructor(options: InvokerOptions) {
    this.#options = options;
    this.#events = new AttemptEvents(options);
    this.#groups = new ReadyGroups(
      (partition) => options.shard().tables(partition),
      (runId) => this.#attempts.has(runId),
    );
    this.#waiting = new WaitingAttempts(options.clock, (attempt) => {
      this.#events.suspend(attempt);
    });
    this.#isolation = new Isolation(options.clock, this.#attempts);
    this.#room = new AttemptRoom(options.limits, this.#attempts);
    this.#silenceTimer = setInterval(() => {
      this.#giveUpSilent();
      // What holds others up does so for a time.
      if (this.#isolation.isWanted) this.#pumpWhenDurable();
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
    if (this.#stopped || this.#attempts.has(effect.runId)) return false;
    const link = this.#linkOf(effect.group);
    if (link?.open !== true || !link.gated) return false;
    this.ready(partition, effect);
    return true;
  }

  /** Starts what can be started behind a gate: a batch is about to be synced. */
  startEarly(position: number): void {
    this.#early = { position: BigInt(position), links: new Set(), later: [] };
    this.pump();
  }

  /** The batch is durable: gates open. */
  released(): void {
    const early = this.#early;
    if (early === undefined) return;
    this.#early = undefined;
    for (const link of early.links) link.durable(early.position);
    for (const { group, item } of early.later) this.#groups.add(group, item);
  }

  forward(effect: EffectOf<"forward">): void {
    const attempt = this.#attempts.get(effect.runId);
    if (attempt === undefined || attempt.number.counter !== effect.attempt) return;
    // It was started early, with what its batch brought: it has said, or will say, that it waits for something else.
    if (effect.index < attempt.startedWith) return;
    if (attempt.link.requestResponse) return this.#toldToNobody(attempt, effect.index);
    attempt.waiting = undefined;
    attempt.activeAtMs = this.#options.clock.now();
    this.#waiting.delete(attempt);
    const { index, entry, completion, proposed } = effect;
    if (!proposed) this.#room.grow(attempt, entryBytes(entry));
    this.#send(
      attempt,
      proposed && completion !== undefined
        ? { case: "proposalAccepted", value: proposalAccepted(index, completion.completionId) }
        : { case: "notify", value: { $typeName: "perdure.protocol.v1.Notify", index, entry } },
    );
  }

  attemptOver(effect: EffectOf<"attemptOver">): void {
    const attempt = this.#attempts.get(effect.runId);
    if (attempt === undefined || attempt.number.counter !== effect.attempt) return;
    if (!attempt.knownOver) {
      this.#send(
        attempt,
        effect.why === "suspended"
          ? { case: "drop", value: { $typeName: "perdure.protocol.v1.Drop" } }
          : abortFrame(effect.why),
      );
    }
    this.#forget(attempt);
  }

  /** Starts what can be started. Only when the tables are durable. */
  pump(): void {
    if (this.#stopped) return;
    let names = this.#groups.names();
    const hasRoom = (): boolean =>
      this.#room.hasMemory && this.#room.slotsLeft(this.#waiting.size) > 0;
    // Groups take turns, one row at a time, until none can go on.
    while (names.length > 0 && hasRoom()) {
      const crowded = this.#room.crowded(this.#waiting.size);
      names = names.filter((name) => hasRoom() && this.#startOne(name, crowded));
    }
    if (names.length > 0 && !this.#room.hasMemory) this.#waiting.letGo(letGoAtOnce);
  }

  /** Deployments have come, changed or gone: the sessions follow. */
  registryChanged(): void {
    const { deployments } = this.#options.view();
    for (const [id, link] of this.#links) {
      const deployment = deployments.get(id);
      if (deployment !== undefined && updatedLink(link, deployment) !== undefined) continue;
      this.#links.delete(id);
      this.#closeLink(link);
    }
  }

  /** Whether an attempt computes, or waits to be started. */
  get busy(): boolean {
    return this.#attempts.size > this.#waiting.size || this.#groups.names().length > 0;
  }

  /** Whether a run has an attempt at this moment. */
  isRunning(runId: string): boolean {
    return this.#attempts.has(runId);
  }

  /** What the attempt of a run does, if it has one. */
  attemptOf(runId: string): "computing" | "waiting" | undefined {
    const attempt = this.#attempts.get(runId);
    if (attempt === undefined || attempt.knownOver) return undefined;
    return attempt.waiting === undefined ? "computing" : "waiting";
  }

  /** Attempts that a deployment has at this moment. */
  attemptsOn(deploymentId: string): number {
    let count = 0;
    for (const { link } of this.#attempts.values()) {
      if (link.deployment.id === deploymentId) count++;
    }
    return count;
  }

  /** Why an invocation that wants an attempt has none. */
  waitsFor({ status, queueGroup }: Invocation): string | undefined {
    if (status !== InvocationStatus.READY) return undefined;
    const group = parseReadyGroup(queueGroup);
    const link = this.#linkOf(queueGroup);
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
    this.#waiting.close();
    for (const link of this.#links.values()) link.close();
  }

  /** False where the group has nothing that can be started now. */
  #startOne(name: string, crowded: ReadonlySet<string>): boolean {
    const link = this.#linkOf(name);
    if (link === undefined) return this.#pauseAbandoned(name);
    if (!link.open) {
      link.ensure();
      return false;
    }
    if (this.#early !== undefined && !link.gated) return false;
    if (crowded.size > 0 && this.#isCrowded(name, crowded)) return false;
    return this.#isolation.isWanted ? this.#startIsolated(name, link) : this.#startNext(name, link);
  }

  #startNext(name: string, link: Link): boolean {
    const item = this.#groups.take(name);
    if (item === undefined) return false;
    if (!this.#isolation.isSuspect(item.runId)) {
      this.#start(link, item);
      return true;
    }
    this.#isolation.isolate(link, item);
    return this.#startIsolated(name, link);
  }

  /** A suspect goes before all others of its deployment, and alone. */
  #startIsolated(name: string, link: Link): boolean {
    const next = this.#isolation.next(link);
    if (next === "nothing") return false;
    if (next === "anything") return this.#startNext(name, link);
    this.#start(link, next);
    this.#isolation.started(link, this.#attempts.get(next.runId));
    return true;
  }

  /**
   * What belongs to a deployment that was removed can't go on by itself: it rests, with the reason. What waits for a service
   * that nobody offers yet waits on.
   */
  #pauseAbandoned(groupName: string): boolean {
    const group = parseReadyGroup(groupName);
    if (group.kind === "service") return false;
    const item = this.#groups.take(groupName);
    if (item === undefined) return false;
    const tables = this.#options.shard().tables(item.partition);
    const invocation = tables.invocations.get(item.runId);
    if (invocation?.status !== InvocationStatus.READY || this.#attempts.has(item.runId))
      return true;
    this.#events.pause(
      { ...item, number: attemptNumber(tables.partitionState.epoch, invocation.attempt) },
      "PDR2019",
      `its deployment ${group.id} was removed. Let it go on elsewhere: resume it with another deployment (PATCH /invocations/${invocation.id}/resume?deployment=latest)`,
    );
    return true;
  }

  /** A deployment's group is, where all that it offers is: its rows don't say their service. */
  #isCrowded(groupName: string, crowded: ReadonlySet<string>): boolean {
    const group = parseReadyGroup(groupName);
    if (group.kind === "service") return crowded.has(group.name);
    const offered = [...(this.#options.view().offers.get(group.id)?.keys() ?? [])];
    return offered.every((service) => crowded.has(service));
  }

  #linkOf(groupName: string): Link | undefined {
    const view = this.#options.view();
    const group = parseReadyGroup(groupName);
    const deployment =
      group.kind === "deployment"
        ? view.deployments.get(group.id)
        : view.services.get(group.name)?.deployment;
    if (deployment === undefined) return undefined;
    const known = this.#links.get(deployment.id);
    const link = known === undefined ? undefined : updatedLink(known, deployment);
    if (link !== undefined) return link;
    if (known !== undefined) this.#closeLink(known);
    const { log, signer, guard, limits, openStream } = this.#options;
    const frameBytesMax = limits.valueBytesMax + frameOverheadMax;
    const listener = this.#linkListener;
    const options = { listener, log, signer, guard, frameBytesMax, openStream };
    const created = createLink(deployment, options);
    this.#links.set(deployment.id, created);
    return created;
  }

  #closeLink(link: Link): void {
    const item = this.#isolation.closed(link);
    if (item !== undefined) {
      const tables = this.#options.shard().tables(item.partition);
      const invocation = tables.invocations.get(item.runId);
      if (invocation !== undefined) this.#groups.add(invocation.queueGroup, item);
    }
    link.close();
  }

  readonly #linkListener = {
    opened: (): void => {
      this.#pumpWhenDurable();
    },
    frames: (link: Link, frames: readonly DeploymentFrame[]): void => {
      this.#received(link, frames);
    },
    active: (link: Link, streamIds: ReadonlySet<number>): void => {
      const nowMs = this.#options.clock.now();
      for (const streamId of streamIds) {
        const attempt = this.#byStream.get(streamId);
        if (attempt?.link === link) attempt.activeAtMs = nowMs;
      }
    },
    tooLarge: (link: Link, streamId: number, bytes: number): void => {
      const attempt = this.#byStream.get(streamId);
      if (attempt?.link !== link || attempt.knownOver) return;
      this.#events.refused(attempt, valueTooLarge(bytes, this.#options.limits.valueBytesMax));
    },
    leaving: (link: Link, streamIds: readonly number[]): void => {
      for (const streamId of streamIds) {
        const attempt = this.#byStream.get(streamId);
        if (attempt?.link === link && !attempt.knownOver) this.#events.suspend(attempt);
      }
    },
    lost: (link: Link, streamIds?: readonly number[]): void => {
      this.#lost(link, streamIds);
    },
  };

  #start(link: Link, { partition, runId }: ReadyItem): void {
    const shard = this.#options.shard();
    const tables = shard.tables(partition);
    const invocation = tables.invocations.get(runId);
    if (invocation?.status !== InvocationStatus.READY || this.#attempts.has(runId)) return;
    const pinned = invocation.deploymentId;
    const chosen = pinned === "" ? link : this.#linkOf(deploymentGroup(pinned));
    const number = attemptNumber(tables.partitionState.epoch, invocation.attempt);
    // Its row is of the time before it was pinned: it moves to those of its deployment, and waits there for it.
    if (chosen?.open !== true) return this.#events.giveUp({ partition, runId, number });
    if (this.#early !== undefined && !chosen.gated) {
      // Not back into its group: it would be taken from there again.
      this.#early.later.push({ group: invocation.queueGroup, item: { partition, runId } });
      return;
    }
    const { service = "", handler = "" } = invocation.target ?? {};
    const { limits, clock, view } = this.#options;
    const offered = view().offers.get(chosen.deployment.id)?.get(service);
    const options = this.#optionsOf(offered, handler);
    const nowMs = clock.now();
    const attempt: Attempt = {
      runId,
      partition,
      number,
      streamId: ++this.#lastStreamId,
      service,
      target: `${service}/${handler} ${invocation.id}`,
      link: chosen,
      inactivityTimeoutMs: options.inactivityTimeoutMs,
      silenceMsMax: options.inactivityTimeoutMs + options.abortTimeoutMs,
      startedWith: invocation.entryCount,
      retryPolicy: options.retryPolicy,
      failures: invocation.retryCount,
      startedAtMs: nowMs,
      silent: true,
      activeAtMs: nowMs,
      bytes: 0,
      entries: invocation.entryCount,
      lastTold: 0,
      waiting: undefined,
      knownOver: false,
      incoming: nothingIncoming(),
    };
    this.#attempts.set(runId, attempt);
    this.#byStream.set(attempt.streamId, attempt);
    const start = startFrame(tables, runId, invocation, {
      lazyState: options.lazyState,
      stateBytesMax: limits.eagerStateBytesMax,
      nowMs,
    });
    this.#room.grow(attempt, bytesOfStart(start));
    if (!this.#isWithinBudget(attempt)) return;
    const early = this.#early;
    early?.links.add(chosen);
    chosen.send(
      serverFrameOf(attempt.streamId, number, { case: "start", value: start }, early?.position),
    );
    this.#options.attemptChanged?.(runId);
  }

  /** What was registered never changes: options are worked out once for each handler of it. */
  #optionsOf(service: RegisteredService | undefined, handler: string): HandlerOptions {
    const { defaults, limits } = this.#options;
    if (service === undefined) {
      return handlerOptions(service, handler, defaults, limits.maxRetryAttempts);
    }
    let known = this.#handlerOptions.get(service);
    if (known === undefined) this.#handlerOptions.set(service, (known = new Map()));
    let options = known.get(handler);
    if (options === undefined) {
      options = handlerOptions(service, handler, defaults, limits.maxRetryAttempts);
      known.set(handler, options);
    }
    return options;
  }

  #received(link: Link, frames: readonly DeploymentFrame[]): void {
    const touched = new Set<Attempt>();
    const nowMs = this.#options.clock.now();
    for (const frame of frames) {
      const attempt = this.#byStream.get(frame.streamId);
      if (attempt === undefined || attempt.knownOver) continue;
      // Nobody speaks for the attempts of another deployment, nor for those of an earlier link.
      if (attempt.link !== link) continue;
      if (frame.attempt?.counter !== attempt.number.counter) continue;
      attempt.activeAtMs = nowMs;
      if (attempt.silent) this.#isolation.heard(attempt);
      takeFrame(attempt, frame, nowMs);
      touched.add(attempt);
    }
    for (const attempt of touched) this.#submit(attempt);
    this.#pumpWhenDurable();
  }

  /** What a message brought for an attempt becomes events. */
  #submit(attempt: Attempt): void {
    const { items, end, failed, waiting } = attempt.incoming;
    attempt.incoming = nothingIncoming();
    if (items.length > 0) {
      try {
        this.#weigh(attempt, items);
      } catch (error) {
        return this.#events.refused(attempt, error);
      }
      if (!this.#isWithinBudget(attempt)) return;
      const isRequestOver = waiting !== undefined && attempt.link.requestResponse;
      const onReleased = isRequestOver ? (): void => this.#requestOver(attempt) : undefined;
      this.#events.append(attempt, items, end, onReleased);
    }
    if (end) attempt.knownOver = true;
    if (failed !== undefined) {
      attempt.knownOver = true;
      return this.#events.fail(attempt, failedBySdk(failed));
    }
    if (waiting === undefined || end) return;
    attempt.waiting = waiting;
    // What came with it is recorded first, and looked at then.
    if (items.length === 0) this.#options.attemptChanged?.(attempt.runId);
    if (!attempt.link.requestResponse) return this.#waiting.add(attempt);
    attempt.knownOver = true;
    if (items.length === 0) this.#requestOver(attempt);
  }

  /** A request can't be told anything: the next one has it. */
  #toldToNobody(attempt: Attempt, index: number): void {
    attempt.lastTold = index;
    // The core won't suspend it then.
    if (attempt.waiting?.suspending === true) this.#events.giveUp(attempt);
  }

  /** What the request brought is recorded: the attempt is suspended, or another takes its place at once. */
  #requestOver(attempt: Attempt): void {
    const { waiting, link, lastTold, runId } = attempt;
    if (!link.requestResponse || waiting === undefined) return;
    if (this.#attempts.get(runId) !== attempt) return;
    if (lastTold > waiting.seen) this.#events.giveUp(attempt);
    else this.#events.suspend(attempt);
  }

  /** @throws ValueTooLarge */
  #weigh(attempt: Attempt, items: readonly AppendedItem[]): void {
    for (const { item } of items) {
      const bytes = item.case === undefined ? 0 : itemBytes(item);
      checkValue(bytes - envelopeBytes, this.#options.limits.valueBytesMax);
      this.#room.grow(attempt, bytes);
    }
    attempt.entries += items.length;
  }

  /** An invocation that needs more than it may have rests until someone looks at it. */
  #isWithinBudget(attempt: Attempt): boolean {
    const excess = excessOf(attempt, this.#options.limits.attemptBytesMax);
    if (excess === undefined) return true;
    attempt.knownOver = true;
    this.#send(attempt, abortFrame("paused"));
    this.#events.fail(attempt, failedByServer(excess.code, excess.message, Behavior.PAUSE));
    return false;
  }

  /** Attempts that compute and have shown no sign of life for too long. */
  #giveUpSilent(): void {
    const nowMs = this.#options.clock.now();
    for (const attempt of this.#attempts.values()) {
      if (attempt.waiting !== undefined || attempt.knownOver) continue;
      const silentMs = nowMs - attempt.activeAtMs;
      if (silentMs < attempt.silenceMsMax) continue;
      attempt.knownOver = true;
      this.#send(attempt, abortFrame("silent"));
      const message = `the attempt gave no sign of life for ${String(Math.round(silentMs))} ms (inactivity timeout and abort timeout together); if its steps take so long, raise abortTimeout`;
      this.#events.fail(attempt, failedByServer("PDR2018", message, Behavior.RETRY));
    }
  }

  #lost(link: Link, streamIds?: readonly number[]): void {
    // A link that is closed from here loses nothing by a crash, and a request may find a proxy alone.
    const isCurrent = this.#links.get(link.deployment.id) === link && !link.requestResponse;
    const lost = streamIds?.map((streamId) => this.#byStream.get(streamId));
    for (const attempt of lost ?? this.#attempts.values()) {
      if (attempt?.link !== link) continue;
      const isCulprit = isCurrent && this.#isolation.lost(attempt);
      attempt.knownOver = true;
      if (isCulprit) this.#events.fail(attempt, failedByServer("PDR2043", crashed, Behavior.RETRY));
      else this.#events.giveUp(attempt);
    }
  }

  #forget(attempt: Attempt): void {
    this.#room.leave(attempt);
    this.#attempts.delete(attempt.runId);
    this.#byStream.delete(attempt.streamId);
    attempt.link.forget(attempt.streamId);
    this.#waiting.delete(attempt);
  }

  #pumpWhenDurable(): void {
    this.#options.shard().whenDurable(() => {
      this.pump();
    });
  }

  #send(attempt: Attempt, frame: ServerFrame["frame"]): void {
    const { streamId, number } = attempt;
    attempt.link.send(serverFrameOf(streamId, number, frame));
  }
}

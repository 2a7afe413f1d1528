// How attempts begin: what is next of a ready group is started on the link of its deployment, where that is open, has no
// suspect that wants to be alone, and may be told before the batch is durable or need not be.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { serverFrameOf } from "@perdure/protocol/messages";
import { deploymentGroup, parseReadyGroup } from "../core/ready.js";
import type { Clock } from "../shard/clock.js";
import type { RegistryView } from "../shard/registry-view.js";
import type { Shard } from "../shard/shard.js";
import type { AttemptEvents } from "./attempt-events.js";
import { attemptNumber } from "./attempt-frames.js";
import { nothingIncoming, type Attempt } from "./attempt.js";
import type { EarlyStarts } from "./early-starts.js";
import { HandlerOptionsCache, type InvokerDefaults } from "./handler-options.js";
import type { Isolation } from "./isolation.js";
import type { Link } from "./link.js";
import type { Links } from "./links.js";
import type { ReadyGroups, ReadyItem } from "./ready-groups.js";
import type { RunningAttempts } from "./running-attempts.js";
import { bytesOfStart, startFrame } from "./start-frame.js";

export interface AttemptStartsOptions {
  readonly shard: () => Shard;
  readonly view: () => RegistryView;
  readonly clock: Clock;
  readonly defaults: InvokerDefaults;
  readonly limits: {
    readonly eagerStateBytesMax: number;
    readonly maxRetryAttempts: number;
  };
  readonly groups: ReadyGroups;
  readonly links: Links;
  readonly running: RunningAttempts;
  readonly events: AttemptEvents;
  readonly isolation: Isolation;
  readonly early: EarlyStarts;
  /** A run has an attempt now. */
  readonly attemptChanged?: ((runId: string) => void) | undefined;
}

export class AttemptStarts {
  readonly #options: AttemptStartsOptions;
  readonly #handlerOptions: HandlerOptionsCache;

  constructor(options: AttemptStartsOptions) {
    this.#options = options;
    this.#handlerOptions = new HandlerOptionsCache(
      options.defaults,
      options.limits.maxRetryAttempts,
    );
  }

  /**
   * Starts one attempt of a group.
   * @param crowded  services that have as many attempts as one may
   * @returns false where the group has nothing that can be started now
   */
  startOne(groupName: string, crowded: ReadonlySet<string>): boolean {
    const { links, early, isolation } = this.#options;
    const link = links.of(groupName);
    if (link === undefined) return this.#pauseAbandoned(groupName);
    if (!link.open) {
      link.ensure();
      return false;
    }
    if (early.position !== undefined && !link.gated) return false;
    if (crowded.size > 0 && this.#isCrowded(groupName, crowded)) return false;
    return isolation.isWanted
      ? this.#startIsolated(groupName, link)
      : this.#startNext(groupName, link);
  }

  #startNext(groupName: string, link: Link): boolean {
    const { groups, isolation } = this.#options;
    const item = groups.take(groupName);
    if (item === undefined) return false;
    if (!isolation.isSuspect(item.runId)) {
      this.#start(link, item);
      return true;
    }
    isolation.isolate(link, item);
    return this.#startIsolated(groupName, link);
  }

  /** A suspect goes before all others of its deployment, and alone. */
  #startIsolated(groupName: string, link: Link): boolean {
    const { isolation, running } = this.#options;
    const next = isolation.next(link);
    if (next === "nothing") return false;
    if (next === "anything") return this.#startNext(groupName, link);
    this.#start(link, next);
    isolation.started(link, running.byRun.get(next.runId));
    return true;
  }

  /**
   * What belongs to a deployment that was removed can't go on by itself: it rests, with the reason. What waits for a service
   * that nobody offers yet waits on.
   */
  #pauseAbandoned(groupName: string): boolean {
    const { groups, shard, running, events } = this.#options;
    const group = parseReadyGroup(groupName);
    if (group.kind === "service") return false;
    const item = groups.take(groupName);
    if (item === undefined) return false;
    const tables = shard().tables(item.partition);
    const invocation = tables.invocations.get(item.runId);
    if (invocation?.status !== InvocationStatus.READY || running.byRun.has(item.runId)) return true;
    events.pause(
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

  #start(link: Link, { partition, runId }: ReadyItem): void {
    const { shard, links, running, events, early, limits, clock, view } = this.#options;
    const tables = shard().tables(partition);
    const invocation = tables.invocations.get(runId);
    if (invocation?.status !== InvocationStatus.READY || running.byRun.has(runId)) return;
    const pinned = invocation.deploymentId;
    const chosen = pinned === "" ? link : links.of(deploymentGroup(pinned));
    const number = attemptNumber(tables.partitionState.epoch, invocation.attempt);
    // Its row is of the time before it was pinned: it moves to those of its deployment, and waits there for it.
    if (chosen?.open !== true) return events.giveUp({ partition, runId, number });
    if (early.position !== undefined && !chosen.gated) {
      return early.putOff(invocation.queueGroup, { partition, runId });
    }
    const { service = "", handler = "" } = invocation.target ?? {};
    const offered = view().offers.get(chosen.deployment.id)?.get(service);
    const options = this.#handlerOptions.of(offered, handler);
    const nowMs = clock.now();
    const attempt: Attempt = {
      runId,
      partition,
      number,
      streamId: running.nextStreamId(),
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
    running.add(attempt);
    const start = startFrame(tables, runId, invocation, {
      lazyState: options.lazyState,
      stateBytesMax: limits.eagerStateBytesMax,
      nowMs,
    });
    running.room.grow(attempt, bytesOfStart(start));
    if (!running.isWithinBudget(attempt)) return;
    early.started(chosen);
    chosen.send(
      serverFrameOf(attempt.streamId, number, { case: "start", value: start }, early.position),
    );
    this.#options.attemptChanged?.(runId);
  }
}

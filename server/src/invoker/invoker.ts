// The invoker: takes what is ready, group by group, within its slots, starts attempts on sessions, turns what
// they send into events, and lets go of attempts that only wait.
//   I1. An attempt is started, and told of a notification, only from tables that are durable.
//   I2. An attempt that waits holds no slot. When many wait, the longest waiting are suspended first.
//   I3. Memory is bounded: heads of groups and what runs, nothing for what sleeps, queues or backs off.

import { create } from "@bufbuild/protobuf";
import type {
  AttemptNumber,
  DeploymentFrame,
  ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import {
  AttemptLostSchema,
  SuspendedSchema,
  type Appended,
  type AppendedItem,
} from "@perdure/proto/storage/v1/events";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { serverFrameOf } from "@perdure/protocol/messages";
import type { Effect } from "../core/effect.js";
import { deploymentGroup, parseReadyGroup } from "../core/ready.js";
import type { Log } from "../observe/log.js";
import type { RegistryView } from "../shard/registry-view.js";
import type { Clock } from "../shard/clock.js";
import type { RetentionDefaults } from "../shard/retention.js";
import type { Shard } from "../shard/shard.js";
import { nothingIncoming, type Attempt } from "./attempt.js";
import { calleeFacts } from "./callee-facts.js";
import { DeploymentLink } from "./deployment-link.js";
import { failedByCommand, failedBySdk, failedEvent, type AttemptError } from "./failures.js";
import { handlerOptions, type InvokerDefaults } from "./handler-options.js";
import { ReadyGroups, type ReadyItem } from "./ready-groups.js";
import { startFrame } from "./start-frame.js";
import { WaitingAttempts } from "./waiting-attempts.js";

export interface InvokerOptions {
  readonly shard: () => Shard;
  readonly view: () => RegistryView;
  readonly clock: Clock;
  readonly log: Log;
  readonly defaults: InvokerDefaults;
  readonly retention: RetentionDefaults;
  /** Attempts that may compute at the same time. */
  readonly concurrency: number;
}

type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

export class Invoker {
  readonly #options: InvokerOptions;
  readonly #groups: ReadyGroups;
  readonly #links = new Map<string, DeploymentLink>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #byStream = new Map<number, Attempt>();
  readonly #waiting: WaitingAttempts;
  #lastStreamId = 0;
  #stopped = false;

  constructor(options: InvokerOptions) {
    this.#options = options;
    this.#groups = new ReadyGroups(
      (partition) => options.shard().tables(partition),
      (runId) => this.#attempts.has(runId),
    );
    this.#waiting = new WaitingAttempts(options.clock, (attempt) => {
      this.#suspend(attempt);
    });
  }

  /** After recovery: the ready rows of a partition. */
  discover(partition: number): void {
    this.#groups.discover(partition);
  }

  // ---- effects of the shard

  ready(partition: number, effect: EffectOf<"ready">): void {
    this.#groups.add(effect.group, { partition, runId: effect.runId });
  }

  forward(effect: EffectOf<"forward">): void {
    const attempt = this.#attempts.get(effect.runId);
    if (attempt === undefined || attempt.number.counter !== effect.attempt) return;
    attempt.waiting = undefined;
    this.#waiting.delete(attempt);
    const { index, entry, completion, proposed } = effect;
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
          : {
              case: "abort",
              value: { $typeName: "perdure.protocol.v1.Abort", reason: effect.why },
            },
      );
    }
    this.#forget(attempt);
  }

  /** Starts what can be started. Only when the tables are durable. */
  pump(): void {
    if (this.#stopped) return;
    let names = this.#groups.names();
    // Groups take turns, one row at a time, until none can go on.
    while (names.length > 0 && this.#slotsLeft() > 0) {
      names = names.filter((name) => this.#slotsLeft() > 0 && this.#startOne(name));
    }
  }

  /** Starts nothing more, and lets go of the sessions. */
  close(): void {
    this.#stopped = true;
    this.#waiting.close();
    for (const link of this.#links.values()) link.close();
  }

  #slotsLeft(): number {
    return this.#options.concurrency - (this.#attempts.size - this.#waiting.size);
  }

  /** False where the group has nothing that can be started now. */
  #startOne(name: string): boolean {
    const link = this.#linkOf(name);
    if (link === undefined) return false;
    if (!link.open) {
      link.ensure();
      return false;
    }
    const item = this.#groups.take(name);
    if (item === undefined) return false;
    this.#start(link, item);
    return true;
  }

  #linkOf(groupName: string): DeploymentLink | undefined {
    const view = this.#options.view();
    const group = parseReadyGroup(groupName);
    const deployment =
      group.kind === "deployment"
        ? view.deployments.get(group.id)
        : view.services.get(group.name)?.deployment;
    if (deployment === undefined) return undefined;
    let link = this.#links.get(deployment.id);
    if (link === undefined) {
      link = new DeploymentLink(deployment, this.#linkListener, this.#options.log);
      this.#links.set(deployment.id, link);
    } else if (link.deployment !== deployment) {
      link.update(deployment);
    }
    return link;
  }

  readonly #linkListener = {
    opened: (): void => {
      this.#pumpWhenDurable();
    },
    frames: (link: DeploymentLink, frames: readonly DeploymentFrame[]): void => {
      this.#received(link, frames);
    },
    lost: (link: DeploymentLink): void => {
      this.#lost(link);
    },
  };

  #start(link: DeploymentLink, { partition, runId }: ReadyItem): void {
    const shard = this.#options.shard();
    const tables = shard.tables(partition);
    const invocation = tables.invocations.get(runId);
    if (invocation?.status !== InvocationStatus.READY || this.#attempts.has(runId)) return;
    const pinned = invocation.deploymentId;
    const chosen = pinned === "" ? link : (this.#linkOf(deploymentGroup(pinned)) ?? link);
    const number = attemptNumber(tables.partitionState.epoch, invocation.attempt);
    // Its row is of the time before it was pinned: it moves to those of its deployment.
    if (!chosen.open) return this.#giveUp({ partition, runId, number });
    const { service = "", handler = "" } = invocation.target ?? {};
    const options = handlerOptions(
      this.#options.view().services.get(service),
      handler,
      this.#options.defaults,
    );
    const attempt: Attempt = {
      runId,
      partition,
      number,
      streamId: ++this.#lastStreamId,
      target: `${service}/${handler} ${invocation.id}`,
      link: chosen,
      inactivityTimeoutMs: options.inactivityTimeoutMs,
      retryPolicy: options.retryPolicy,
      failures: invocation.retryCount,
      waiting: undefined,
      knownOver: false,
      incoming: nothingIncoming(),
    };
    this.#attempts.set(runId, attempt);
    this.#byStream.set(attempt.streamId, attempt);
    const { lazyState } = options;
    const start = startFrame(tables, runId, invocation, {
      lazyState,
      nowMs: this.#options.clock.now(),
    });
    this.#send(attempt, { case: "start", value: start });
  }

  #received(link: DeploymentLink, frames: readonly DeploymentFrame[]): void {
    const touched = new Set<Attempt>();
    for (const frame of frames) {
      if (frame.frame.case === "draining") link.drain();
      const attempt = this.#byStream.get(frame.streamId);
      if (attempt === undefined || attempt.knownOver) continue;
      if (frame.attempt?.counter !== attempt.number.counter) continue;
      this.#take(attempt, frame);
      touched.add(attempt);
    }
    for (const attempt of touched) this.#submit(attempt);
    this.#pumpWhenDurable();
  }

  #take(attempt: Attempt, { frame }: DeploymentFrame): void {
    const { incoming } = attempt;
    switch (frame.case) {
      case "command":
        incoming.items.push(itemOf({ case: "command", value: frame.value }));
        return;
      case "proposeCompletion":
        incoming.items.push(itemOf({ case: "proposal", value: frame.value }));
        return;
      case "end":
        if (frame.value.output !== undefined) {
          incoming.items.push(itemOf({ case: "command", value: frame.value.output }));
        }
        incoming.end = true;
        return;
      case "failed":
        incoming.failed = frame.value;
        return;
      case "waiting":
        incoming.waiting = {
          awaiting: frame.value.awaiting,
          seen: frame.value.seen,
          sinceMs: this.#options.clock.now(),
          suspending: false,
        };
        return;
      default:
        return;
    }
  }

  /** What a message brought for an attempt becomes events. */
  #submit(attempt: Attempt): void {
    const { items, end, failed, waiting } = attempt.incoming;
    attempt.incoming = nothingIncoming();
    if (items.length > 0) {
      try {
        this.#addCallees(items);
      } catch (error) {
        return this.#refused(attempt, error);
      }
      this.#append(attempt, items, end);
    }
    if (end) attempt.knownOver = true;
    if (failed !== undefined) {
      attempt.knownOver = true;
      return this.#fail(attempt, failedBySdk(failed));
    }
    if (waiting === undefined || end) return;
    attempt.waiting = waiting;
    this.#waiting.add(attempt);
  }

  #addCallees(items: Attempt["incoming"]["items"]): void {
    const { retention, clock } = this.#options;
    const context = { view: this.#options.view(), retention, nowMs: clock.now() };
    for (const item of items) {
      if (item.item.case !== "command") continue;
      const callee = calleeFacts(context, item.item.value);
      if (callee !== undefined) item.callee = callee;
    }
  }

  #append(attempt: Attempt, items: Attempt["incoming"]["items"], end: boolean): void {
    const { failures } = attempt;
    attempt.failures = 0;
    const { runId, number, partition } = attempt;
    const value: Appended = {
      $typeName: "perdure.storage.v1.Appended",
      runId,
      attempt: number,
      items,
      deploymentId: attempt.link.deployment.id,
      end,
    };
    const onRefused = (error: unknown): void => {
      attempt.failures = failures;
      this.#refused(attempt, error);
    };
    this.#options.shard().enqueue(partition, { case: "appended", value }, { onRefused });
  }

  /** A command can't be carried out. The code can't see it, so whoever runs the server must. */
  #refused(attempt: Attempt, error: unknown): void {
    const failed = failedByCommand(error);
    const { errorCode, message } = failed.failure;
    this.#options.log.warn(`an attempt of ${attempt.target} failed: ${errorCode} ${message}`);
    this.#fail(attempt, failed);
  }

  #fail(attempt: Attempt, error: AttemptError): void {
    const nowMs = this.#options.clock.now();
    const value = failedEvent(attempt, error, nowMs);
    const { code, message } = error.failure;
    const { log } = this.#options;
    if (value.decision.case === "pause") {
      const tried = `${String(attempt.failures + 1)} attempts without progress`;
      log.warn(
        `PDR2013: ${attempt.target} is paused after ${tried}: ${String(code)} ${message}. ` +
          "PATCH /invocations/{id}/resume on the admin port lets it go on",
      );
    } else {
      log.debug(`an attempt of ${attempt.target} failed: ${String(code)} ${message}`);
    }
    this.#options.shard().enqueue(attempt.partition, { case: "failed", value });
  }

  #suspend(attempt: Attempt): void {
    const { waiting, runId, number, partition } = attempt;
    if (waiting === undefined || waiting.suspending) return;
    waiting.suspending = true;
    const { awaiting, seen } = waiting;
    const value = create(SuspendedSchema, { runId, attempt: number, seen });
    if (awaiting !== undefined) value.awaiting = awaiting;
    this.#options.shard().enqueue(partition, { case: "suspended", value });
  }

  #lost(link: DeploymentLink): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.link !== link) continue;
      attempt.knownOver = true;
      this.#giveUp(attempt);
    }
  }

  /** The attempt, or what would have become one, is over through no fault of its own. */
  #giveUp({ partition, runId, number }: Pick<Attempt, "partition" | "runId" | "number">): void {
    const value = create(AttemptLostSchema, { runId, attempt: number });
    this.#options.shard().enqueue(partition, { case: "attemptLost", value });
  }

  #forget(attempt: Attempt): void {
    this.#attempts.delete(attempt.runId);
    this.#byStream.delete(attempt.streamId);
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

function attemptNumber(epoch: number, counter: number): AttemptNumber {
  return { $typeName: "perdure.protocol.v1.AttemptNumber", epoch, counter };
}

function itemOf(item: AppendedItem["item"]): AppendedItem {
  return { $typeName: "perdure.storage.v1.AppendedItem", item };
}

function proposalAccepted(
  index: number,
  completionId: number,
): Extract<ServerFrame["frame"], { case: "proposalAccepted" }>["value"] {
  return { $typeName: "perdure.protocol.v1.ProposalAccepted", index, completionId };
}

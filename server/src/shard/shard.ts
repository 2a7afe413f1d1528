// The loop around the core. It takes what is queued at the end of an event-loop turn, applies it, appends
// what changed something to the log with one write and one sync, then releases the effects.
//   L1. No effect is released before the record of its event is on disk. One exception: an attempt may be started, where
//       the deployment holds back what others could see until it is told that the record is.
//   L2. Nothing is applied while a batch is being synced: whenever the loop is idle, and while effects are
//       released, the tables hold exactly what is durable. Reads run at such moments and need no sync.
//   L3. An append that fails is not undone. A full disk: the batch waits until there is room, new work is refused.
//       Anything else: the shard stops, and a restart recovers from checkpoint and log.

import type { MessageReceived } from "@perdure/proto/storage/v1/events";
import type { Message } from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import { homeOf, registryPartition } from "@perdure/protocol/ids";
import { apply, behaviorVersion, type EventBody } from "../core/apply.js";
import type { Effect } from "../core/effect.js";
import { dueAtOfTimerKey, timerRange } from "../core/keys.js";
import { bodyBytes } from "../log/batch-encoder.js";
import { isPostponed, type AppendPostponed, type EventLog, type LogRecord } from "../log/log.js";
import type { PartitionTables } from "../store/partition-tables.js";
import type { Store } from "../store/store.js";
import { BatchWriter } from "./batch-writer.js";
import type { Clock } from "./clock.js";
import { Deliveries } from "./deliveries.js";
import { encodeEvent, type EncodedEvent } from "./event-codec.js";
import { Overloaded, Unavailable } from "./invocations.js";
import { LargeEvents, type StoredEvent } from "./large-events.js";
import { everywhere, type Neighbours, type Placement } from "./placement.js";
import type { Shell } from "./shell.js";
import { TimerHeads } from "./timer-heads.js";

export interface ShardOptions {
  readonly log: EventLog;
  readonly store: Store;
  readonly clock: Clock;
  readonly shell: Shell;
  /** Told when the shard had to stop. Nothing that was acknowledged is lost. */
  readonly onFatal: (error: unknown) => void;
  /** Told once when the disk is full, and once, with undefined, when there is room again. */
  readonly onDiskFull: (error: AppendPostponed | undefined) => void;
  /** Told of each event that the core refused. */
  readonly onRefused: (event: EventBody["case"], error: unknown) => void;
  /** Live bytes of the tables at which a checkpoint begins. */
  readonly checkpointBytes: number;
  /** Which partitions are run here. Default: all. */
  readonly placement?: Placement | undefined;
  /** Who takes messages to partitions that are run elsewhere. */
  readonly neighbours?: Neighbours | undefined;
  /** Of an event's values: more of them are written beside the log. Tests say less. */
  readonly largeBytes?: number | undefined;
  /** How many events one batch may have. Default 500. Tests say less. */
  readonly eventsPerBatch?: number | undefined;
}

export interface EnqueueOptions {
  /** Names the live connection that waits for the answer. */
  readonly token?: number;
  /** The event was refused by the core: nothing was changed. */
  readonly onRefused?: (error: unknown) => void;
  /** What the event changed, if anything, is durable. */
  readonly onReleased?: () => void;
}

interface Queued extends EnqueueOptions {
  readonly partition: number;
  readonly event: EventBody;
  /** Where it was large. */
  body?: StoredEvent;
}

interface PendingEffect {
  readonly partition: number;
  readonly effect: Effect;
}

/** Events that are made of rows. */
const fromTables: ReadonlySet<EventBody["case"]> = new Set([
  "timersDue",
  "messageReceived",
  "delivered",
]);

/** Timers that one event may fire: few enough that other work does not wait for them. */
const timersPerEvent = 100;
/** What has outlived its retention goes at 10,000 invocations a second: more than can end, less than others would feel. */
const retentionsPerEvent = 200;
const retentionGapMs = 20;
/** Events that may wait to be applied; beyond it new submissions are refused. */
const queueMax = 20_000;
/** What one event leads to may be thousands of messages, as where a caller of as many is killed: others come in between. */
const defaultEventsPerBatch = 500;
/** Nobody waits for the sync of more, and a segment has room for it: on a full disk, large values come along in batches. */
const bytesPerBatch = 4 * 1024 * 1024;

export class Shard {
  readonly #options: ShardOptions;
  readonly #timers: TimerHeads;
  /** Timers at which something is let go of: they have a pace of their own, so that other work does not wait for them. */
  readonly #retention: TimerHeads;
  readonly #deliveries = new Deliveries();
  readonly #large: LargeEvents<Queued>;
  #queue: Queued[] = [];
  /** From partition to partition. Apart, so that thousands of them do not stand before what comes new. */
  readonly #messages: Queued[] = [];
  #effects: PendingEffect[] = [];
  #waitingForDurable: (() => void)[] = [];
  #state: "idle" | "scheduled" | "syncing" | "stopped" = "idle";
  readonly #writer: BatchWriter;
  readonly #placement: Placement;
  #closing = false;
  #isRefusing = false;
  #checkpointing: Promise<void> = Promise.resolve();
  #idle: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#placement = options.placement ?? everywhere;
    const now = (): number => options.clock.now();
    const due =
      (retention: boolean) =>
      (partition: number, until: number): void => {
        const value = {
          $typeName: "perdure.storage.v1.TimersDue" as const,
          until,
          limit: retention ? retentionsPerEvent : timersPerEvent,
          retention,
        };
        this.enqueue(partition, { case: "timersDue", value });
      };
    this.#timers = new TimerHeads(now, due(false));
    this.#retention = new TimerHeads(now, due(true), {
      partitionsAtOnce: 1,
      gapMs: retentionGapMs,
      // What is deleted has to be written as well: not faster than it can be.
      isWelcome: () =>
        !options.store.checkpointing || options.store.liveBytes < options.checkpointBytes,
    });
    this.#large = new LargeEvents({
      log: options.log,
      largeBytes: options.largeBytes,
      ready: (queued) => {
        this.#put(queued);
      },
      failed: (error) => {
        this.#fail(error);
      },
    });
    this.#writer = new BatchWriter({
      log: options.log,
      onDiskFull: options.onDiskFull,
      written: (batch) => {
        this.#written(batch);
      },
      failed: (error) => {
        // Closing on a full disk: what was acknowledged is in the log, and the rest is given up.
        if (this.#closing && isPostponed(error)) this.#stop();
        else this.#fail(error);
      },
    });
    options.clock.onMoved?.(() => {
      this.#timers.clockMoved();
      this.#retention.clockMoved();
    });
  }

  /** When the next durable timer is due, in epoch milliseconds; Infinity for none. Settled while the loop is idle. */
  get nextTimerAt(): number {
    return Math.min(this.#timers.next, this.#retention.next);
  }

  /** Takes an event. It is applied at the end of this turn, or when the batch before it is durable. */
  enqueue(place: number, event: EventBody, options: EnqueueOptions = {}): void {
    if (this.#state === "stopped") return;
    const queued: Queued = { partition: this.partitionAt(place), event, ...options };
    // What follows from a refusal comes before what waits.
    if (this.#isRefusing || !this.#large.take(queued)) this.#put(queued);
  }

  #put(queued: Queued): void {
    if (this.#state === "stopped") return;
    (queued.event.case === "messageReceived" ? this.#messages : this.#queue).push(queued);
    this.#schedule();
  }

  /**
   * Whether new work is welcome.
   * @throws Overloaded, Unavailable
   */
  admit(): void {
    const { diskFull } = this.#writer;
    if (diskFull !== undefined) throw new Unavailable(diskFull.code, diskFull.message);
    if (this.#state === "stopped") throw new Unavailable("PDR1301", "the server is stopping");
    if (this.#waiting + this.#large.size < queueMax) return;
    throw new Overloaded("too many requests wait to be stored; try again in a moment", 1);
  }

  /** Runs `read` when the tables hold exactly what is durable: now, or when the batch under way is. */
  whenDurable(read: () => void): void {
    if (this.#state === "syncing") this.#waitingForDurable.push(read);
    else if (this.#state !== "stopped") read();
  }

  /** As {@link whenDurable}, for a read of one partition: the batch under way matters only if it changed that one. */
  whenPartitionDurable(place: number, read: () => void): void {
    const partition = this.partitionAt(place);
    if (this.#state === "syncing" && !this.#writer.isWriting(partition)) read();
    else this.whenDurable(read);
  }

  tables(place: number): PartitionTables {
    return this.#options.store.partition(this.partitionAt(place));
  }

  /** Of the partitions that are run here, without the registry's. */
  get partitionNumbers(): number[] {
    const all = [...Array(this.#options.store.partitions).keys()];
    return all.filter((partition) => this.#isHere(partition));
  }

  /** Ids name one of all partitions; there may be fewer. */
  partitionAt(place: number): number {
    return homeOf(place, this.#options.store.partitions);
  }

  /** After recovery: what the tables say is still to do. */
  resume(): void {
    for (const partition of this.partitionNumbers) {
      this.#timers.reset(partition, this.#timerHead(partition, false));
      this.#retention.reset(partition, this.#timerHead(partition, true));
      for (const { to, sequence, message } of this.#deliveries.unsent(this.tables(partition))) {
        const received = messageReceived(partition, sequence, message);
        if (this.#isHere(to)) this.#deliver(to, received);
        else this.#sendAway(to, received);
      }
    }
  }

  /** Resolves when everything that was enqueued is durable. */
  async drained(): Promise<void> {
    if (this.#state === "stopped" || (this.#state === "idle" && this.#large.size === 0)) return;
    if (this.#idle === undefined) {
      let resolve = (): void => undefined;
      const promise = new Promise<void>((done) => (resolve = done));
      this.#idle = { promise, resolve };
    }
    await this.#idle.promise;
  }

  /**
   * Stops taking events. What was enqueued before is durable when it resolves, and in the tables, so that the next
   * start has nothing to replay; unless the disk is full: then what was acknowledged is in the log, and the rest is given up.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#writer.giveUpWhenFull();
    this.#timers.close();
    this.#retention.close();
    this.#options.store.giveUpWhenFull();
    await this.drained();
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    await this.#checkpointing;
    await this.checkpoint();
  }

  /** Events that are to be applied. */
  get #waiting(): number {
    return this.#queue.length + this.#messages.length;
  }

  #schedule(): void {
    if (this.#state !== "idle") return;
    this.#state = "scheduled";
    setImmediate(() => {
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#state !== "scheduled") return;
    let batch: LogRecord[];
    try {
      batch = this.#applyQueue();
    } catch (error) {
      return this.#fail(error);
    }
    if (batch.length === 0) {
      this.#state = "idle";
      this.#release(batch);
      return;
    }
    this.#state = "syncing";
    const { log } = this.#options;
    let early: boolean;
    try {
      early = this.#releaseEarly(batch, log.lastPosition + batch.length);
    } catch (error) {
      return this.#fail(error);
    }
    this.#writer.write(batch, early);
  }

  /** Attempts are started while the batch is synced. False where there are none. */
  #releaseEarly(batch: readonly LogRecord[], position: number): boolean {
    const { shell } = this.#options;
    if (!this.#effects.some(({ effect }) => effect.kind === "ready")) return false;
    // Where deployments come or go, attempts follow what was registered.
    if (batch.some(({ partition }) => partition === registryPartition)) return false;
    const all = this.#effects;
    this.#effects = all.filter(({ partition, effect }) => {
      return effect.kind !== "ready" || !shell.readyEarly(partition, effect);
    });
    if (this.#effects.length === all.length) return false;
    shell.startEarly(position);
    return true;
  }

  #written(batch: readonly LogRecord[]): void {
    // A shard that had to stop meanwhile does not begin again: the batch is in the log, for the next start.
    if (this.#state === "stopped") return;
    this.#state = "idle";
    this.#release(batch);
  }

  #applyQueue(): LogRecord[] {
    const batch: LogRecord[] = [];
    const { eventsPerBatch = defaultEventsPerBatch } = this.#options;
    let room = eventsPerBatch;
    let bytes = 0;
    const applySome = (queue: Queued[], most: number, bytesMost = bytesPerBatch): void => {
      let taken = 0;
      for (; taken < most && bytes < bytesMost; taken++) {
        const queued = queue[taken];
        if (queued === undefined) break;
        let from = batch.length;
        this.#apply(queued, batch);
        for (; from < batch.length; from++) bytes += bodyBytes(batch[from] as LogRecord);
      }
      queue.splice(0, taken);
      room -= taken;
    };
    applySome(this.#messages, Math.ceil(eventsPerBatch / 2), bytesPerBatch / 2);
    // Messages between partitions, and their receipts, join the batch of the event that sent them, while there is room.
    while (this.#waiting > 0 && room > 0 && bytes < bytesPerBatch) {
      applySome(this.#queue, room);
      applySome(this.#messages, room);
    }
    for (const { partition, delivered } of this.#deliveries.takeReceipts()) {
      if (this.#isHere(partition)) {
        this.#apply({ partition, event: { case: "delivered", value: delivered } }, batch);
      } else {
        this.#waitingForDurable.push(() => {
          this.#options.neighbours?.delivered(partition, delivered);
        });
      }
    }
    return batch;
  }

  #apply(queued: Queued, batch: LogRecord[]): void {
    const { partition, event } = queued;
    const tables = this.tables(partition);
    const { partitionState } = tables;
    const firstEffect = this.#effects.length;
    const nowMs = this.#options.clock.now();
    let record: LogRecord | undefined;
    try {
      apply(
        {
          tables,
          partition,
          partitions: this.#options.store.partitions,
          epoch: partitionState.epoch,
          nowMs,
          token: queued.token,
          emit: (effect) => {
            this.#effects.push({ partition, effect });
          },
        },
        event,
      );
      const position = partitionState.appliedPosition + 1;
      if (tables.undo.changed) {
        record = recordOf(partition, position, partitionState.epoch, nowMs, event, queued.body);
      }
    } catch (error) {
      tables.undo.rollback();
      this.#effects.length = firstEffect;
      this.#dropBody(queued);
      this.#refuse(queued, error, batch);
      return;
    }
    if (record === undefined) this.#dropBody(queued);
    else {
      tables.undo.commit();
      partitionState.appliedPosition++;
      partitionState.appliedAt = nowMs;
      batch.push(record);
    }
    this.#applied(queued, firstEffect);
  }

  #dropBody({ body }: Queued): void {
    if (body !== undefined) this.#options.log.dropBody(body.stored);
  }

  /** An event whose apply throws changes nothing, and fails the one request or attempt that sent it. */
  #refuse({ event, onRefused }: Queued, error: unknown, batch: LogRecord[]): void {
    // What comes from tables would come again and again: that is for a person to look at.
    if (fromTables.has(event.case)) throw error;
    this.#options.onRefused(event.case, error);
    if (onRefused === undefined) return;
    // What follows from it comes before whatever its sender has said since: an attempt whose commands were refused must
    // not go on, or end, without them.
    const behind = this.#queue;
    this.#queue = [];
    this.#isRefusing = true;
    try {
      onRefused(error);
    } finally {
      this.#isRefusing = false;
    }
    const consequences = this.#queue;
    this.#queue = behind;
    for (const queued of consequences) this.#apply(queued, batch);
  }

  /** Effects that lead to further events of the same batch. */
  #applied({ partition, event, onReleased }: Queued, firstEffect: number): void {
    if (onReleased !== undefined) this.#waitingForDurable.push(onReleased);
    for (let at = firstEffect; at < this.#effects.length; at++) {
      const effect = this.#effects[at]?.effect;
      if (effect?.kind !== "send" || !this.#isHere(effect.to)) continue;
      this.#deliver(effect.to, messageReceived(partition, effect.sequence, effect.message));
    }
    if (event.case === "messageReceived") {
      this.#deliveries.received(event.value.from, partition, event.value.sequence);
    }
    if (event.case === "timersDue") {
      const { retention } = event.value;
      this.#effects.push({
        partition,
        effect: { kind: "armTimer", dueAt: this.#timerHead(partition, retention), retention },
      });
    }
  }

  #deliver(to: number, value: MessageReceived): void {
    const queued: Queued = { partition: to, event: { case: "messageReceived", value } };
    if (!this.#large.take(queued)) this.#put(queued);
  }

  /** Only what is durable: its row of the outbox stands for it until the other side has it on its disk. */
  #sendAway(to: number, value: MessageReceived): void {
    const { neighbours } = this.#options;
    invariant(neighbours !== undefined, "what is not run here is run by a neighbour");
    neighbours.deliver(to, value);
  }

  #isHere(partition: number): boolean {
    return this.#placement.isHere(partition);
  }

  #timerHead(partition: number, retention: boolean): number {
    const [from, to] = timerRange(retention);
    const [first] = this.tables(partition).timers.scan(from, to, 1);
    return first === undefined ? Infinity : dueAtOfTimerKey(first.key);
  }

  /** The batch is durable: its effects go out, in order. */
  #release(batch: readonly LogRecord[]): void {
    const effects = this.#effects;
    this.#effects = [];
    const reads = this.#waitingForDurable;
    this.#waitingForDurable = [];
    try {
      for (const { partition, effect } of effects) this.#perform(partition, effect);
      for (const read of reads) read();
      this.#options.shell.released(batch);
    } catch (error) {
      // What others do with an effect must not break off the loop half-way: it stops in good order, and is recovered.
      return this.#fail(error);
    }
    this.#maybeCheckpoint();
    if (this.#waiting > 0) this.#schedule();
    if (this.#state !== "idle" || this.#large.size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #perform(partition: number, effect: Effect): void {
    const { shell } = this.#options;
    switch (effect.kind) {
      case "submitted":
        return shell.submitted(effect);
      case "answered":
        return shell.answered(effect);
      case "completed":
        return shell.completed(effect);
      case "ready":
        return shell.ready(partition, effect);
      case "forward":
        return shell.forward(effect);
      case "attemptOver":
        return shell.attemptOver(effect);
      case "registryChanged":
        return shell.registryChanged();
      case "armTimer":
        if (effect.dueAt === Infinity) return;
        return (effect.retention ? this.#retention : this.#timers).arm(partition, effect.dueAt);
      case "send":
        if (this.#isHere(effect.to)) return;
        return this.#sendAway(
          effect.to,
          messageReceived(partition, effect.sequence, effect.message),
        );
    }
  }

  #maybeCheckpoint(): void {
    const { store, checkpointBytes } = this.#options;
    if (store.checkpointing || store.liveBytes < checkpointBytes) return;
    this.#checkpointing = this.checkpoint().catch((error: unknown) => {
      this.#fail(error);
    });
  }

  /** Writes the tables to LMDB and lets go of the log behind them. Only while the loop is idle or releasing. */
  async checkpoint(): Promise<void> {
    const { store, log } = this.#options;
    const position = log.lastPosition;
    const outcome = await store.checkpoint(position, () => {
      log.giveUpSpareFiles();
    });
    if (outcome === "written") await log.trim(position + 1);
  }

  #fail(error: unknown): void {
    if (this.#state === "stopped") return;
    this.#stop();
    this.#options.onFatal(error);
  }

  #stop(): void {
    this.#state = "stopped";
    this.#timers.close();
    this.#retention.close();
    this.#idle?.resolve();
  }
}

function messageReceived(from: number, sequence: number, message: Message): MessageReceived {
  return { $typeName: "perdure.storage.v1.MessageReceived", from, sequence, message };
}

export function recordOf(
  partition: number,
  partitionPosition: number,
  epoch: number,
  timeMs: number,
  event: EventBody,
  encoded: EncodedEvent = encodeEvent(event),
): LogRecord {
  const fromPartition = event.case === "messageReceived";
  return {
    partition,
    partitionPosition,
    epoch,
    timeMs,
    behavior: behaviorVersion,
    producerKind: fromPartition ? 1 : event.case === "submitted" ? 2 : 0,
    producerId: fromPartition ? event.value.from : 0,
    producerSequence: fromPartition ? event.value.sequence : 0,
    flags: 0,
    ...encoded,
  };
}

// A shard in miniature for generated histories: several partitions, their messages on the way between
// them, a clock that is moved by hand, crashes and checkpoints. It keeps every event that changed
// something, as bytes, and can build the tables anew from them.

import { cpSync } from "node:fs";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { EventSchema } from "@perdure/proto/storage/v1/events";
import {
  InvocationStatus as Status,
  type Invocation,
  type InvokeMessage,
  type Message,
} from "@perdure/proto/storage/v1/records";
import { homeOf } from "@perdure/protocol/ids";
import {
  Actors,
  partitions as places,
  type Addressed,
  type Choose,
} from "../core/actors.fixture.js";
import { apply, type EventBody } from "../core/apply.js";
import { CommandRejected } from "../core/context.js";
import type { Effect } from "../core/effect.js";
import { delivered, received, timersDue } from "../core/events.fixture.js";
import { addressOfOutboxKey, objectKey, queueOfInboxKey } from "../core/keys.js";
import { invocationsIn, offencesIn, type KnownKeys } from "./invariants.fixture.js";
import { admissionOffences, countedIn } from "./limit-invariants.fixture.js";
import { Environment } from "./environment.js";
import { rowKey } from "./row-key.js";
import { Store } from "./store.js";
import { temporaryDirectory } from "./store.fixture.js";
import { journalTableNumber } from "./table-specs.js";

interface Recorded {
  readonly partition: number;
  readonly position: number;
  readonly epoch: number;
  readonly nowMs: number;
  readonly event: Uint8Array;
}

interface OnTheWay {
  readonly from: number;
  readonly to: number;
  readonly sequence: number;
  readonly message: Message;
}

class Known implements KnownKeys {
  readonly runIds = new Set<string>();
  readonly objects = new Set<string>();

  add({ runId, target }: InvokeMessage): void {
    this.runIds.add(runId);
    const { service = "", key, scope } = target?.target ?? {};
    if (key !== undefined) this.objects.add(objectKey(service, key, scope));
  }
}

export class History {
  readonly offences: string[] = [];
  readonly actors: Actors;
  readonly #choose: Choose;
  readonly #records: Recorded[] = [];
  #directory = temporaryDirectory();
  #store: Store;
  #onTheWay: OnTheWay[] = [];
  #epoch = 1;
  #checkpointing: Promise<unknown> | undefined;
  nowMs = 1_000;
  /** Runs that have ended; by partition, the rows of its inboxes, and who counts for limits. */
  readonly #ended = new Set<string>();
  readonly #inboxes = new Map<number, ReadonlyMap<string, string>>();
  readonly #counted = new Map<number, ReadonlySet<string>>();
  /** By partition: what its tables may have rows of. */
  readonly #known: ReadonlyMap<number, Known>;
  /** Where things happen. */
  readonly partitions: readonly number[];
  readonly #partitionCount: number;

  constructor(choose: Choose, partitionCount = 64) {
    this.#choose = choose;
    this.#partitionCount = partitionCount;
    this.partitions = [...new Set(places.map((place) => homeOf(place, partitionCount)))];
    this.#known = new Map(this.partitions.map((partition) => [partition, new Known()]));
    this.actors = new Actors(choose);
    this.#store = this.#openStore();
    this.#raiseEpoch();
  }

  get store(): Store {
    return this.#store;
  }

  get records(): number {
    return this.#records.length;
  }

  /** What has changed something, by kind of event, and how often. */
  readonly seen: Partial<Record<string, number>> = {};

  // ---- what happens

  submit(): void {
    this.#take(this.actors.submission(this.nowMs));
  }

  signal(): void {
    this.#take(this.actors.signal());
  }

  verb(): void {
    this.#take(this.actors.verb());
  }

  patch(): void {
    this.#take(this.actors.patch());
  }

  rules(): void {
    const event = this.actors.rules();
    for (const partition of this.partitions) this.#apply(partition, event);
  }

  attempt(): void {
    const partition = this.#anyPartition();
    const tables = this.#store.partition(partition);
    this.#take(this.actors.attempt(partition, tables, this.#epoch, this.nowMs));
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const partition of this.partitions)
      for (const retention of [false, true]) {
        this.#apply(partition, timersDue(Math.floor(this.nowMs), 3, retention));
      }
  }

  /** The first messages on the way arrive, some of them twice, and are acknowledged. */
  deliver(count: number): void {
    for (const { from, to, sequence, message } of this.#onTheWay.splice(0, count)) {
      this.#apply(to, received(from, sequence, message));
      if (this.#choose(10) === 0) this.#apply(to, received(from, sequence, message));
      if (this.#choose(4) > 0) this.#apply(from, delivered([to, sequence]));
    }
  }

  beginCheckpoint(): void {
    this.#checkpointing ??= this.#store.checkpoint(this.#records.length).then(() => {
      this.#checkpointing = undefined;
    });
  }

  async endCheckpoint(): Promise<void> {
    await this.#checkpointing;
  }

  /** The process is gone, with the messages on the way; LMDB and the log are there. */
  async crash(from: "checkpoint" | "scratch"): Promise<void> {
    const before = this.#store;
    const digest = before.digest();
    this.#rebuild(from);
    if (this.#store.digest() !== digest) this.offences.push(`replay from ${from} is different`);
    this.#epoch++;
    this.#raiseEpoch();
    this.#resend();
    await this.#checkpointing;
    await before.close();
  }

  /** Ends the history. Says how many parts of journals are left in LMDB, where no invocation names them. */
  async close(): Promise<number> {
    await this.#checkpointing;
    await this.#store.checkpoint(this.#records.length);
    await this.#store.close();
    const environment = Environment.open(this.#directory);
    let left = 0;
    for (const partition of this.partitions) {
      const start = rowKey(partition, journalTableNumber, "");
      const rows = environment.range(start, rowKey(partition, journalTableNumber + 1, ""));
      while (rows.next().done !== true) left++;
    }
    await environment.close();
    return left;
  }

  // ---- the end of a history

  /** Everything that was accepted is brought to its end. False where that can't be done. */
  finish(): boolean {
    for (let round = 0; round < 200; round++) {
      this.#resend();
      this.deliver(Number.MAX_SAFE_INTEGER);
      let open = 0;
      for (const partition of this.partitions) open += this.#goOn(partition);
      this.pass(1_000);
      if (open === 0 && this.#onTheWay.length === 0) return true;
    }
    return false;
  }

  /** Forgets what has ended, as its retention says. */
  expire(): void {
    for (let round = 0; round < 300; round++) this.pass(60_000);
    this.#resend();
    this.deliver(Number.MAX_SAFE_INTEGER);
    for (const { from, to, sequence } of this.#outbox())
      this.#apply(from, delivered([to, sequence]));
  }

  invocations(partition: number): ReadonlyMap<string, Invocation> {
    return invocationsIn(this.#store.partition(partition), this.#knownIn(partition));
  }

  #goOn(partition: number): number {
    const tables = this.#store.partition(partition);
    for (;;) {
      const end = this.actors.end(partition, tables, this.#epoch);
      if (end === undefined) break;
      this.#take(end);
    }
    let open = 0;
    for (const invocation of this.invocations(partition).values()) {
      if (invocation.status === Status.COMPLETED) continue;
      open++;
      if (invocation.status !== Status.SUSPENDED && invocation.status !== Status.PAUSED) continue;
      this.#take(this.actors.wakeUp(partition, invocation));
    }
    return open;
  }

  // ---- plumbing

  #openStore(): Store {
    const directory = this.#directory;
    return new Store({ directory, writer: "inline", partitions: this.#partitionCount });
  }

  #anyPartition(): number {
    return this.partitions[this.#choose(this.partitions.length)] ?? 0;
  }

  #raiseEpoch(): void {
    for (const partition of this.partitions) {
      this.#store.partition(partition).partitionState.epoch = this.#epoch;
    }
  }

  #take(addressed: Addressed | undefined): void {
    if (addressed === undefined) return;
    const before = this.#records.length;
    this.#apply(addressed.partition, addressed.event);
    if (addressed.isLate !== true || this.#records.length === before) return;
    this.offences.push(`${addressed.event.case} of an attempt that is over changes something`);
  }

  #apply(place: number, event: EventBody): void {
    const partition = homeOf(place, this.#partitionCount);
    const partitions = this.#partitionCount;
    const tables = this.#store.partition(partition);
    const effects: Effect[] = [];
    const { nowMs } = this;
    const epoch = this.#epoch;
    const context = { tables, partition, partitions, epoch, nowMs, token: undefined };
    try {
      apply({ ...context, emit: (effect) => void effects.push(effect) }, event);
    } catch (error) {
      tables.undo.rollback();
      if (error instanceof CommandRejected) return;
      throw error;
    }
    if (!tables.undo.changed) return;
    tables.undo.commit();
    const position = ++tables.partitionState.appliedPosition;
    const bytes = toBinary(EventSchema, { $typeName: "perdure.storage.v1.Event", event });
    this.#records.push({ partition, position, epoch, nowMs, event: bytes });
    this.seen[event.case] = (this.seen[event.case] ?? 0) + 1;
    this.#learn(partition, event);
    this.#observe(partition, effects);
  }

  #knownIn(partition: number): Known {
    const known = this.#known.get(partition);
    if (known === undefined) throw new Error(`nothing happens in partition ${partition}`);
    return known;
  }

  #learn(partition: number, event: EventBody): void {
    const message = event.case === "messageReceived" ? event.value.message?.message : undefined;
    const invoked = message?.case === "invoke" ? message.value : undefined;
    const submitted = event.case === "submitted" ? event.value.invocation : invoked;
    if (submitted !== undefined) this.#knownIn(partition).add(submitted);
    if (event.case === "restarted") this.#knownIn(partition).runIds.add(event.value.newRunId);
  }

  #observe(partition: number, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "send") this.#onTheWay.push({ from: partition, ...effect });
      if (effect.kind !== "completed") continue;
      if (this.#ended.has(effect.runId)) this.offences.push(`${effect.runId} ends twice`);
      this.#ended.add(effect.runId);
    }
    const tables = this.#store.partition(partition);
    const known = this.#knownIn(partition);
    this.offences.push(...offencesIn(tables, known));
    this.#observeInboxes(partition);
    const before = this.#counted.get(partition) ?? new Set();
    const invocations = invocationsIn(tables, known);
    const counted = countedIn(invocations);
    this.#counted.set(partition, counted);
    const admitted = [...counted].filter((runId) => !before.has(runId));
    this.offences.push(...admissionOffences(tables, invocations, admitted));
  }

  /** First in, first out: a row may only come at the back of a queue, and leave it at its front, or because it has ended. */
  #observeInboxes(partition: number): void {
    const tables = this.#store.partition(partition);
    const now = new Map<string, string>();
    for (const { key, value } of tables.inbox.scan("", "\u00ff", Number.MAX_SAFE_INTEGER)) {
      now.set(key, value.runId);
    }
    const before = this.#inboxes.get(partition) ?? new Map<string, string>();
    const blocked = new Set<string>();
    for (const [key, runId] of before) {
      const queue = queueOfInboxKey(key);
      if (now.has(key)) {
        blocked.add(queue);
        if (now.get(key) !== runId) this.offences.push(`an inbox row of ${runId} changes`);
        continue;
      }
      const ended = runId !== "" && (tables.invocations.get(runId)?.status ?? Status.COMPLETED);
      if (blocked.has(queue) && ended !== Status.COMPLETED) {
        this.offences.push(`${runId || "a patch"} leaves its inbox before those in front of it`);
      }
    }
    // Keys of a queue sort by arrival: what is new comes behind all that was there.
    for (const key of now.keys()) {
      if (before.has(key)) continue;
      const queue = queueOfInboxKey(key);
      const later = [...before.keys()].some((old) => old > key && queueOfInboxKey(old) === queue);
      if (later) this.offences.push("a row comes into an inbox before others");
    }
    this.#inboxes.set(partition, now);
  }

  /** As after a restart: what the outboxes hold is sent again, in order. */
  #resend(): void {
    this.#onTheWay = this.#outbox();
  }

  #outbox(): OnTheWay[] {
    return this.partitions.flatMap((from) => {
      const rows = this.#store.partition(from).outbox.scan("", "\u00ff", Number.MAX_SAFE_INTEGER);
      return rows.map(({ key, value }) => ({ from, ...addressOfOutboxKey(key), message: value }));
    });
  }

  #rebuild(from: "checkpoint" | "scratch"): void {
    const directory = temporaryDirectory();
    // What is in LMDB at this moment, even in the middle of a checkpoint.
    if (from === "checkpoint") cpSync(this.#directory, directory, { recursive: true });
    this.#directory = directory;
    this.#store = this.#openStore();
    const partitions = this.#partitionCount;
    for (const { partition, position, epoch, nowMs, event } of this.#records) {
      const tables = this.#store.partition(partition);
      if (position <= tables.partitionState.appliedPosition) continue;
      const decoded = fromBinary(EventSchema, event).event as EventBody;
      const context = { tables, partition, partitions, epoch, nowMs, token: undefined };
      apply({ ...context, emit: () => undefined }, decoded);
      tables.undo.commit();
      tables.partitionState.appliedPosition = position;
    }
  }
}

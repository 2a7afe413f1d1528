// What is durable at any moment: every record, applied by the core to tables of its own as soon as it is on disk, and
// never written anywhere. So it is at once the reference that a recovery is compared with. What those tables let go of is
// kept aside, for checkers to look at.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { Invocation } from "@perdure/proto/storage/v1/records";
import { homeOf, partitionOfInvocationId } from "@perdure/protocol/ids";
import {
  apply,
  decodeEvent,
  findRun,
  Store,
  type Effect,
  type EventBody,
  type LogRecord,
  type OutputResult,
  type PartitionTables,
} from "@perdure/server/simulation-kit";
import type { DurableView, Fact, Forgotten } from "./history.js";
import { SimulatedEnvironment, SimulatedLmdb } from "./machine/simulated-environment.js";

export class Durable implements DurableView {
  count = 0;
  readonly #store: Store;
  readonly #places = new Map<string, number>();
  /** Runs by the id of their invocation, in order. */
  readonly #lives = new Map<string, string[]>();
  /** Those that have ended, as they were then. */
  readonly #ended = new Map<string, Effect & { kind: "completed" }>();
  /** Of journals that are gone, or cut down to their output. */
  readonly #formerJournals = new Map<string, readonly Entry[]>();
  #forgotten: Forgotten[] = [];
  readonly #tell: (fact: Fact) => void;

  constructor(partitions: number, tell: (fact: Fact) => void) {
    this.#tell = tell;
    const environment = new SimulatedEnvironment(new SimulatedLmdb());
    const writer = {
      write: () => Promise.reject(new Error("nothing is written")),
      rest: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const mappedPages = { areMany: false, letGo: (): void => undefined };
    const simulated = { environment, writer, mappedPages };
    this.#store = new Store({ directory: "", writer: "inline", partitions, simulated });
    for (const number of this.#store.partitionNumbers) this.#watch(this.#store.partition(number));
  }

  add(record: LogRecord): void {
    const { partition, partitionPosition, epoch, timeMs, kind, body, more = [] } = record;
    const event = decodeEvent(kind, more.length === 0 ? body : Buffer.concat([body, ...more]));
    if (event === undefined) throw new Error(`unknown kind ${String(kind)}`);
    const tables = this.#store.partition(partition);
    const accepts = runAcceptedBy(event);
    const existed = accepts !== undefined && tables.invocations.get(accepts) !== undefined;
    const effects: Effect[] = [];
    this.#forgotten = [];
    apply(
      {
        tables,
        partition,
        partitions: this.#store.partitions,
        epoch,
        nowMs: timeMs,
        token: undefined,
        emit: (effect) => {
          effects.push(effect);
        },
      },
      event,
    );
    tables.undo.commit();
    tables.partitionState.appliedPosition = partitionPosition;
    tables.partitionState.epoch = epoch;
    tables.partitionState.appliedAt = timeMs;
    const isNew =
      accepts !== undefined && !existed && tables.invocations.get(accepts) !== undefined;
    if (isNew) this.#begun(accepts, partition);
    for (const effect of effects) {
      if (effect.kind === "completed") this.#ended.set(effect.runId, effect);
    }
    this.count++;
    this.#tell({
      kind: "durable",
      count: this.count,
      partition,
      timeMs,
      event,
      effects,
      created: isNew ? accepts : undefined,
      bodyApart: record.stored !== undefined,
      forgotten: this.#forgotten,
    });
  }

  digest(isMeant: (partition: number) => boolean): string {
    return this.#store.digest(isMeant);
  }

  find(invocationId: string): string | undefined {
    return findRun(this.#tables(invocationId), invocationId);
  }

  lives(invocationId: string): readonly string[] {
    return this.#lives.get(invocationId) ?? [];
  }

  invocation(runId: string): Invocation | undefined {
    const kept = this.#tablesOf(runId)?.invocations.get(runId);
    return kept ?? this.#ended.get(runId)?.invocation;
  }

  journal(runId: string): readonly Entry[] {
    return this.#formerJournals.get(runId) ?? this.#tablesOf(runId)?.journal.read(runId) ?? [];
  }

  output(runId: string): OutputResult | undefined {
    return this.#ended.get(runId)?.output;
  }

  epochOf(invocationId: string): number {
    return this.#tables(invocationId).partitionState.epoch;
  }

  signals(invocationId: string): readonly number[] {
    const runId = this.find(invocationId);
    if (runId === undefined) return [];
    return this.journal(runId).flatMap(({ body }) =>
      body.case === "signal" && body.value.signal.case === "id" ? [body.value.signal.value] : [],
    );
  }

  runs(): Iterable<string> {
    return this.#places.keys();
  }

  /** What is left to do in tables that should have nothing to do. */
  leftovers(): string[] {
    return [...this.#store.partitionNumbers].flatMap((number) => {
      const tables = this.#store.partition(number);
      const rows = {
        ready: tables.ready.scan("", "\u00ff", 10),
        inbox: tables.inbox.scan("", "\u00ff", 10),
        outbox: tables.outbox.scan("", "\u00ff", 10),
        timers: tables.timers.scan("", "~", 10),
      };
      return Object.entries(rows).flatMap(([table, found]) =>
        found.length === 0 ? [] : [`${table} of partition ${String(number)}: ${found.length} rows`],
      );
    });
  }

  #begun(runId: string, partition: number): void {
    this.#places.set(runId, partition);
    const { id } = this.invocation(runId) ?? { id: "" };
    this.#lives.set(id, [...this.lives(id), runId]);
  }

  /** Notes what tables let go of. */
  #watch({ journal, invocations }: PartitionTables): void {
    const forgetJournal = journal.delete.bind(journal);
    journal.delete = (runId) => {
      if (!this.#formerJournals.has(runId)) this.#formerJournals.set(runId, journal.read(runId));
      this.#forgotten.push({ runId, what: "journal" });
      forgetJournal(runId);
    };
    const forget = invocations.delete.bind(invocations);
    invocations.delete = (runId) => {
      this.#forgotten.push({ runId, what: "invocation" });
      forget(runId);
    };
  }

  #tables(invocationId: string): PartitionTables {
    const place = partitionOfInvocationId(invocationId);
    return this.#store.partition(homeOf(place, this.#store.partitions));
  }

  #tablesOf(runId: string): PartitionTables | undefined {
    const place = this.#places.get(runId);
    return place === undefined ? undefined : this.#store.partition(place);
  }
}

function runAcceptedBy(event: EventBody): string | undefined {
  if (event.case === "submitted") return event.value.invocation?.runId;
  if (event.case === "restarted") return event.value.newRunId;
  const message = event.case === "messageReceived" ? event.value.message?.message : undefined;
  return message?.case === "invoke" ? message.value.runId : undefined;
}

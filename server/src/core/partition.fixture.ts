// A partition for tests of the core: the store's own tables, with nothing in LMDB below them. It
// applies events at a time that the test moves by hand, takes back what a refused event has written,
// as the shard does, and remembers what changed something, so that it can be replayed.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { Invocation, InvocationStatus } from "@perdure/proto/storage/v1/records";
import { createPartitionTables, type PartitionTables } from "../store/partition-tables.js";
import type { Environment } from "../store/environment.js";
import { apply, type EventBody } from "./apply.js";
import type { Effect } from "./effect.js";
import { timersDue } from "./events.fixture.js";
import { findRun } from "./queries.js";
import type { RangeTable, Row, Tables } from "./tables.js";

const nothingBelow = {
  get: () => undefined,
  range: () => [][Symbol.iterator](),
} as unknown as Environment;

interface Recorded {
  readonly event: EventBody;
  readonly nowMs: number;
  readonly epoch: number;
}

/** Names of the tables that can be scanned. */
export type RangeTableName = {
  [Name in keyof Tables]: Tables[Name] extends RangeTable<infer _> ? Name : never;
}[keyof Tables];

export interface PartitionOptions {
  readonly number?: number;
  readonly nowMs?: number;
}

export class PartitionUnderTest {
  readonly tables: PartitionTables;
  readonly number: number;
  nowMs: number;
  epoch = 1;
  readonly #recorded: Recorded[] = [];

  constructor({ number = 0, nowMs = 1_000 }: PartitionOptions) {
    this.number = number;
    this.nowMs = nowMs;
    this.tables = createPartitionTables(nothingBelow, number, () => undefined);
  }

  /** Applies events, one after the other; what one throws has changed nothing. */
  apply(...events: EventBody[]): Effect[] {
    return events.flatMap((event) => this.#apply(event, undefined));
  }

  /** Applies an event whose answer a connection waits for. */
  applyFor(token: number, event: EventBody): Effect[] {
    return this.#apply(event, token);
  }

  /** Moves the time, and fires what is due by then. */
  advanceTo(nowMs: number): Effect[] {
    this.nowMs = nowMs;
    const until = Math.floor(nowMs);
    return this.apply(timersDue(until), timersDue(until, 500, true));
  }

  /** Whether the events leave every row as it was. */
  changesNothing(...events: EventBody[]): boolean {
    const before = this.#recorded.length;
    this.apply(...events);
    return this.#recorded.length === before;
  }

  /** As after a restart: attempts of earlier epochs are over. */
  restart(): void {
    this.epoch++;
  }

  /** Another partition that saw the same events. */
  replayed(): PartitionUnderTest {
    const other = new PartitionUnderTest({ number: this.number, nowMs: this.nowMs });
    for (const { event, nowMs, epoch } of this.#recorded) {
      Object.assign(other, { nowMs, epoch });
      other.apply(event);
    }
    return other;
  }

  // ---- looking

  invocation(runId: string): Invocation {
    const invocation = this.tables.invocations.get(runId);
    if (invocation === undefined) throw new Error(`there is no invocation ${runId}`);
    return invocation;
  }

  statusOf(runId: string): InvocationStatus | undefined {
    return this.tables.invocations.get(runId)?.status;
  }

  journal(runId: string): Entry[] {
    return this.tables.journal.read(runId);
  }

  /** What the entries of a journal are, in order: "input", "sleep", "completion", … */
  story(runId: string): (string | undefined)[] {
    return this.journal(runId).map((entry) => entry.body.case);
  }

  currentRun(invocationId: string): string | undefined {
    return findRun(this.tables, invocationId);
  }

  rows<Name extends RangeTableName>(
    table: Name,
  ): Row<Tables[Name] extends RangeTable<infer V> ? V : never>[] {
    return this.tables[table].scan("", "\u00ff", Number.MAX_SAFE_INTEGER) as never;
  }

  /** How many rows each table has that a forgotten invocation may leave none in. */
  leftovers(): Record<string, number> {
    const names: RangeTableName[] = ["inbox", "state", "promises", "timers", "ready", "outbox"];
    const counts = names.map((name) => [name, this.rows(name).length] as const);
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  /** Every row as text, to compare. */
  content(): string[] {
    return [...this.tables.allRows()].map(
      ({ table, key, value }) => `${table} ${JSON.stringify(key)} ${value.join(" ")}`,
    );
  }

  #apply(event: EventBody, token: number | undefined): Effect[] {
    const { tables, number: partition, epoch, nowMs } = this;
    const effects: Effect[] = [];
    const emit = (effect: Effect): void => void effects.push(effect);
    try {
      apply({ tables, partition, partitions: 64, epoch, nowMs, token, emit }, event);
    } catch (error) {
      tables.undo.rollback();
      throw error;
    }
    if (tables.undo.changed) this.#recorded.push({ event, nowMs, epoch });
    tables.undo.commit();
    return effects;
  }
}

export function startPartition(options: PartitionOptions = {}): PartitionUnderTest {
  return new PartitionUnderTest(options);
}

type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

/** The effects of one kind. */
export function ofKind<Kind extends Effect["kind"]>(
  effects: readonly Effect[],
  kind: Kind,
): EffectOf<Kind>[] {
  return effects.filter((effect): effect is EffectOf<Kind> => effect.kind === kind);
}

/** What the effects are, in order. */
export function kindsOf(effects: readonly Effect[]): Effect["kind"][] {
  return effects.map((effect) => effect.kind);
}

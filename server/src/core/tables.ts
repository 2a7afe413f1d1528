// The tables of one partition, as the core sees them: synchronous, typed, every read sees the writes
// before it. The store implements them; tests use the same implementation without a disk.
//
// A value that was put belongs to the table: it is never changed afterwards, only replaced.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type {
  Deployment,
  DurablePromise,
  Identity,
  InboxRow,
  Invocation,
  KeyLock,
  LimitRule,
  Message,
  ReadyRow,
  Sequence,
  StateRow,
  TimerRow,
} from "@perdure/proto/storage/v1/records";

export interface Table<V> {
  get(key: string): V | undefined;
  put(key: string, value: V): void;
  delete(key: string): void;
}

export interface Row<V> {
  readonly key: string;
  readonly value: V;
}

export interface RangeTable<V> extends Table<V> {
  /** Rows with `from <= key < to`, in key order, at most `limit`. */
  scan(from: string, to: string, limit: number): Row<V>[];
  /** Deletes every row of an object, for what it costs to delete a few: in tables whose keys are an object and a name. */
  clear(object: string): void;
}

export interface JournalTable {
  /** @param index  the entry's place; the caller counts, and never skips one */
  append(runId: string, index: number, entry: Entry): void;
  /** Entries, in order: all, or those from an index on. */
  read(runId: string, from?: number): Entry[];
  delete(runId: string): void;
}

export interface Tables {
  readonly invocations: Table<Invocation>;
  readonly identities: Table<Identity>;
  readonly journal: JournalTable;
  readonly locks: Table<KeyLock>;
  readonly inbox: RangeTable<InboxRow>;
  readonly state: RangeTable<StateRow>;
  readonly promises: RangeTable<DurablePromise>;
  readonly timers: RangeTable<TimerRow>;
  readonly ready: RangeTable<ReadyRow>;
  readonly outbox: RangeTable<Message>;
  readonly sequences: Table<Sequence>;
  /** By pattern; the same in every partition. */
  readonly rules: RangeTable<LimitRule>;
  /** Only in the registry's partition. */
  readonly deployments: RangeTable<Deployment>;
}

// The tables of one partition over the shard's LMDB environment, and the partition's own record.

import { create } from "@bufbuild/protobuf";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import {
  PartitionStateSchema,
  type Invocation,
  type JournalChunk,
  type PartitionState,
} from "@perdure/proto/storage/v1/records";
import { decode, encode, encodeParts, type Codec } from "@perdure/proto/wire";
import { JournalChunkCodec, PartitionStateCodec } from "@perdure/proto/wire/storage/v1/records";
import { base62OfNumber, bigintOfBase62 } from "@perdure/protocol/base62";
import { endOfPrefix } from "../core/keys.js";
import type { Row, Tables } from "../core/tables.js";
import type { CheckpointBatch } from "./checkpoint-batch.js";
import type { StoreEnvironment } from "./environment.js";
import { JournalOverlay, type JournalTail } from "./journal-overlay.js";
import { tombstone, type Cell } from "./layer.js";
import { OverlayPointTable, OverlayRangeTable, type Base } from "./overlay-table.js";
import { rowKey, tableKeyOf } from "./row-key.js";
import { RowDamaged } from "./store-errors.js";
import {
  entryBytes,
  journalTableNumber,
  partitionTableNumber,
  tableSpecs,
  type TableSpec,
} from "./table-specs.js";
import { UndoLog } from "./undo-log.js";

type TableName = keyof typeof tableSpecs;
const tableNames = Object.keys(tableSpecs) as TableName[];
const chunkIndexWidth = 6;
/** Encoded between two looks at the clock. */
const rowsPerStep = 16;

/** A table as a checkpoint sees it. */
interface Freezable {
  freeze(): void;
  /** Objects whose rows go before what is frozen is written. */
  frozenClearings?(): Iterable<string>;
  /** What is frozen, in key order. */
  frozenCells(): Iterable<[string, Cell<unknown>]>;
  thaw(): void;
  all(): Row<unknown>[];
}

export interface PartitionTables extends Tables {
  readonly undo: UndoLog;
  /** Epoch, behaviour version and applied positions; changed by the shard, written by checkpoints. */
  readonly partitionState: PartitionState;
  /** An invocation's record if it was written since a checkpoint, to see cheaply whether it is another one. */
  recentInvocation(runId: string): Cell<Invocation> | undefined;
  /** Takes all that is live for a checkpoint. */
  freeze(): FrozenPartition | undefined;
  /** The checkpoint is on disk. */
  thaw(): void;
  /** Every row there is, in a fixed order. Reads everything: for digests and inspection. */
  allRows(): Iterable<StoredTableRow>;
}

export interface StoredTableRow {
  readonly table: string;
  readonly key: string;
  readonly value: Uint8Array;
}

/** What a checkpoint writes of one partition. */
export interface FrozenPartition {
  /** Goes on with each step that is taken. A step is a few rows, or one large one. */
  encodeInto(batch: CheckpointBatch): Iterable<void>;
}

export function createPartitionTables(
  environment: StoreEnvironment,
  partition: number,
  grown: (bytes: number) => void,
): PartitionTables {
  const undo = new UndoLog();
  const freezables = new Map<TableName, Freezable>();

  function table<T extends object>(name: TableName, spec: TableSpec<T>): OverlayRangeTable<T> {
    const base = createBase(environment, partition, spec);
    const { sizeOf, insertOnly } = spec;
    const options = { base, undo, sizeOf, grown, insertOnly };
    const created =
      spec.kind === "range" ? new OverlayRangeTable(options) : new OverlayPointTable(options);
    freezables.set(name, created as Freezable);
    return created as OverlayRangeTable<T>;
  }

  const journal = new JournalOverlay({
    base: { read: (runId, from) => readChunks(environment, partition, runId, from) },
    undo,
    sizeOf: entryBytes,
    grown,
  });
  const partitionState = readPartitionState(environment, partition);
  let frozenPosition = partitionState.appliedPosition;

  const invocations = table("invocations", tableSpecs.invocations);
  const tables: Tables = {
    invocations,
    identities: table("identities", tableSpecs.identities),
    journal,
    locks: table("locks", tableSpecs.locks),
    inbox: table("inbox", tableSpecs.inbox),
    state: table("state", tableSpecs.state),
    promises: table("promises", tableSpecs.promises),
    timers: table("timers", tableSpecs.timers),
    ready: table("ready", tableSpecs.ready),
    outbox: table("outbox", tableSpecs.outbox),
    sequences: table("sequences", tableSpecs.sequences),
    deployments: table("deployments", tableSpecs.deployments),
    rules: table("rules", tableSpecs.rules),
  };

  return {
    ...tables,
    undo,
    partitionState,
    recentInvocation: (runId) => invocations.recent(runId),
    freeze(): FrozenPartition | undefined {
      if (partitionState.appliedPosition === frozenPosition) return undefined;
      frozenPosition = partitionState.appliedPosition;
      const state = encode(PartitionStateCodec, partitionState);
      for (const freezable of freezables.values()) freezable.freeze();
      journal.freeze();
      return {
        *encodeInto(batch): Generator<void> {
          let rows = 0;
          for (const [name, freezable] of freezables) {
            const spec = specOf(name);
            for (const object of freezable.frozenClearings?.() ?? []) {
              batch.deletePrefix(rowKey(partition, spec.number, object));
            }
            for (const [key, cell] of freezable.frozenCells()) {
              yield* encodeRow(batch, partition, spec, key, cell);
              if (++rows % rowsPerStep === 0) yield;
            }
          }
          for (const [runId, tail] of journal.frozenTails()) {
            yield* encodeJournal(batch, partition, runId, tail);
            if (++rows % rowsPerStep === 0 || tail.entries.length > rowsPerStep) yield;
          }
          batch.put(rowKey(partition, partitionTableNumber, ""), state);
          yield;
        },
      };
    },
    thaw(): void {
      for (const freezable of freezables.values()) freezable.thaw();
      journal.thaw();
    },
    *allRows(): Generator<StoredTableRow> {
      for (const name of tableNames) {
        const { codec } = specOf(name);
        for (const { key, value } of freezables.get(name)?.all() ?? []) {
          yield { table: name, key, value: encode(codec, value) };
          if (name !== "invocations") continue;
          const chunk = chunkOf(journal.read(key));
          yield { table: "journal", key, value: encode(JournalChunkCodec, chunk) };
        }
      }
    },
  };
}

function specOf(name: TableName): TableSpec<unknown> {
  return tableSpecs[name] as TableSpec<unknown>;
}

function encodeRow(
  batch: CheckpointBatch,
  partition: number,
  spec: TableSpec<unknown>,
  key: string,
  cell: Cell<unknown>,
): Iterable<void> {
  const bytes = rowKey(partition, spec.number, key);
  if (cell !== tombstone) return putRow(batch, bytes, spec.codec, cell);
  batch.delete(bytes);
  return [];
}

/** Goes on with each step, where the row is large. */
function putRow<T>(batch: CheckpointBatch, key: Buffer, codec: Codec<T>, row: T): Iterable<void> {
  const parts = encodeParts(codec, row);
  if (parts.length > 1) return batch.putParts(key, parts);
  batch.put(key, parts[0]);
  return [];
}

function encodeJournal(
  batch: CheckpointBatch,
  partition: number,
  runId: string,
  tail: JournalTail,
): Iterable<void> {
  if (tail.older === "deleted") batch.deletePrefix(rowKey(partition, journalTableNumber, runId));
  if (tail.entries.length === 0) return [];
  const row = rowKey(partition, journalTableNumber, chunkKey(runId, tail.from));
  return putRow(batch, row, JournalChunkCodec, chunkOf(tail.entries));
}

function chunkOf(entries: Entry[]): JournalChunk {
  return { $typeName: "perdure.storage.v1.JournalChunk", entries };
}

function createBase<T>(
  environment: StoreEnvironment,
  partition: number,
  spec: TableSpec<T>,
): Base<T> {
  return {
    get(key): T | undefined {
      const bytes = environment.get(rowKey(partition, spec.number, key));
      return bytes === undefined ? undefined : decodeRow(spec.number, spec.codec, bytes);
    },
    *scan(from, to): Generator<Row<T>> {
      const start = rowKey(partition, spec.number, from);
      const end = rowKey(partition, spec.number, to);
      const rows = environment.range(start, end);
      try {
        for (let row = rows.next(); row.done !== true; row = rows.next()) {
          const { key, value } = row.value;
          yield { key: tableKeyOf(key), value: decodeRow(spec.number, spec.codec, value) };
        }
      } finally {
        // A scan that stops early must not keep its snapshot: LMDB has few, and can't reuse pages behind one.
        rows.return?.();
      }
    },
  };
}

function readChunks(
  environment: StoreEnvironment,
  partition: number,
  runId: string,
  from: number,
): Entry[] {
  const first = rowKey(partition, journalTableNumber, runId);
  const end = rowKey(partition, journalTableNumber, endOfPrefix(runId));
  const wanted = rowKey(partition, journalTableNumber, chunkKey(runId, from));
  const start = (from === 0 ? undefined : environment.keyAtOrBefore(wanted, first)) ?? first;
  const entries: Entry[] = [];
  const rows = environment.range(start, end);
  let index = start === first ? 0 : chunkIndexOf(tableKeyOf(start));
  for (let row = rows.next(); row.done !== true; row = rows.next()) {
    const chunk = decodeRow(journalTableNumber, JournalChunkCodec, row.value.value);
    entries.push(...(index < from ? chunk.entries.slice(from - index) : chunk.entries));
    index += chunk.entries.length;
  }
  return entries;
}

/** Of the row that holds entries of a journal, by the index of the first. */
function chunkKey(runId: string, index: number): string {
  return runId + base62OfNumber(index, chunkIndexWidth);
}

function chunkIndexOf(key: string): number {
  return Number(bigintOfBase62(key.slice(-chunkIndexWidth)));
}

function readPartitionState(environment: StoreEnvironment, partition: number): PartitionState {
  const bytes = environment.get(rowKey(partition, partitionTableNumber, ""));
  return bytes === undefined
    ? create(PartitionStateSchema, { behavior: 1 })
    : decodeRow(partitionTableNumber, PartitionStateCodec, bytes);
}

function decodeRow<T>(table: number, codec: Codec<T>, bytes: Uint8Array): T {
  try {
    // What a Buffer is made of are Buffers, which behave otherwise than the bytes that came in (slice, equality).
    return decode(codec, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw new RowDamaged(table, error);
  }
}

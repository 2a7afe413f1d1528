// A table in layers: what was written lately (live), what a checkpoint is writing right now (frozen), and
// what lies in LMDB. Reads look from the newest down. A write is undone by its step in the undo log.

import type { RangeTable, Row, Table } from "../core/tables.js";
import { PointLayer, SortedLayer, tombstone, type Cell, type Layer } from "./layer.js";
import type { UndoLog } from "./undo-log.js";

/** The rows that LMDB has, as of the last checkpoint. */
export interface Base<V> {
  get(key: string): V | undefined;
  /** In key order, from `from` inclusive to `to` exclusive. */
  scan(from: string, to: string): Iterator<Row<V>>;
}

export interface TableOptions<V> {
  readonly base: Base<V>;
  readonly undo: UndoLog;
  /** Rough size of a value in memory, in bytes. */
  readonly sizeOf: (value: V) => number;
  /** Told the bytes of each write. */
  readonly grown: (bytes: number) => void;
  /**
   * Keys are never used twice: a row that is deleted while it is in the live layer alone leaves no
   * tombstone, and never reaches LMDB.
   */
  readonly insertOnly: boolean;
}

/** Sorts after every key. */
const endOfTable = "\u00ff";

/** LMDB takes 1,978 bytes, of which partition and table need three. Found here, it harms one event; found by a checkpoint, all. */
const keyLengthMax = 1_975;

/** Keys, cells and the like, on top of the value itself. */
const rowOverheadBytes = 100;

abstract class OverlayTable<V, L extends Layer<V>> implements Table<V> {
  protected readonly options: TableOptions<V>;
  protected live: L;
  protected frozen: L | undefined;

  constructor(options: TableOptions<V>) {
    this.options = options;
    this.live = this.newLayer();
  }

  protected abstract newLayer(): L;

  get(key: string): V | undefined {
    const cell = this.recent(key);
    if (cell === undefined) return this.options.base.get(key);
    return cell === tombstone ? undefined : cell;
  }

  /** What was written of a row since a checkpoint; undefined: nothing, the row is as LMDB has it. */
  recent(key: string): Cell<V> | undefined {
    return this.live.get(key) ?? this.frozen?.get(key);
  }

  /** @throws RangeError  the key is longer than LMDB takes */
  put(key: string, value: V): void {
    if (key.length > keyLengthMax) {
      throw new RangeError(`a key of ${String(key.length)} bytes can't be stored`);
    }
    this.#set(key, value);
    this.options.grown(rowOverheadBytes + key.length + this.options.sizeOf(value));
  }

  delete(key: string): void {
    const before = this.live.get(key);
    if (this.options.insertOnly && before !== undefined && before !== tombstone) {
      this.options.undo.push(this.live, key, before);
      this.live.remove(key);
      return;
    }
    this.#set(key, tombstone);
    this.options.grown(rowOverheadBytes + key.length);
  }

  #set(key: string, cell: Cell<V>): void {
    this.options.undo.push(this.live, key, this.live.get(key));
    this.live.set(key, cell);
  }

  /** Every row there is, in key order. Reads the whole table: for digests and inspection. */
  all(): Row<V>[] {
    const rows = new Map<string, V>();
    const base = this.options.base.scan("", endOfTable);
    for (let row = base.next(); row.done !== true; row = base.next()) {
      rows.set(row.value.key, row.value.value);
    }
    for (const layer of [this.frozen, this.live]) {
      if (layer === undefined) continue;
      for (const key of rows.keys()) if (layer.hides(key)) rows.delete(key);
      for (const [key, cell] of layer.sorted()) {
        if (cell === tombstone) rows.delete(key);
        else rows.set(key, cell);
      }
    }
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([key, value]) => ({ key, value }));
  }

  /** Begins a checkpoint: what is live now is written; new writes go on top. */
  freeze(): void {
    this.frozen = this.live;
    this.live = this.newLayer();
  }

  /** What is frozen, in key order. */
  frozenCells(): Iterable<[string, Cell<V>]> {
    return this.frozen?.sorted() ?? [];
  }

  /** Ends it: what was frozen is in LMDB. */
  thaw(): void {
    this.frozen = undefined;
  }
}

export class OverlayPointTable<V> extends OverlayTable<V, PointLayer<V>> {
  protected override newLayer(): PointLayer<V> {
    return new PointLayer();
  }
}

export class OverlayRangeTable<V> extends OverlayTable<V, SortedLayer<V>> implements RangeTable<V> {
  protected override newLayer(): SortedLayer<V> {
    return new SortedLayer();
  }

  override recent(key: string): Cell<V> | undefined {
    const { live, frozen } = this;
    const written = live.get(key) ?? (live.hides(key) ? tombstone : frozen?.get(key));
    return written ?? (frozen?.hides(key) === true ? tombstone : undefined);
  }

  scan(from: string, to: string, limit: number): Row<V>[] {
    const { live, frozen } = this;
    const rows: Row<V>[] = [];
    const isFrozenHidden = live.hidesRange(from, to);
    const isBaseHidden = isFrozenHidden || frozen?.hidesRange(from, to) === true;
    const inLive = cursor(live.from(from));
    const inFrozen = frozen === undefined || isFrozenHidden ? undefined : cursor(frozen.from(from));
    const inBase = isBaseHidden ? undefined : baseCursor(this.options.base.scan(from, to));
    while (rows.length < limit) {
      const key = least(inLive.key, inFrozen?.key, inBase?.key);
      if (key === undefined || key >= to) break;
      // The newest layer that has the key, or hides it, decides; all that have it move on.
      let cell: Cell<V> | undefined;
      if (inBase?.key === key) cell = inBase.take();
      if (frozen?.hides(key) === true) cell = undefined;
      if (inFrozen?.key === key) cell = inFrozen.take();
      if (live.hides(key)) cell = undefined;
      if (inLive.key === key) cell = inLive.take();
      if (cell !== undefined && cell !== tombstone) rows.push({ key, value: cell });
    }
    inBase?.close();
    return rows;
  }

  clear(object: string): void {
    const { live, options } = this;
    const wasCleared = live.cleared.has(object);
    const removed = live.clear(object);
    options.undo.pushStep({
      undo: () => {
        if (!wasCleared) live.unclear(object);
        for (const [key, cell] of removed) live.set(key, cell);
      },
    });
    options.grown(rowOverheadBytes + object.length);
  }

  /** Objects whose rows in LMDB go before what is frozen is written. */
  frozenClearings(): Iterable<string> {
    return this.frozen?.cleared ?? [];
  }
}

interface Cursor<V> {
  readonly key: string | undefined;
  take(): Cell<V>;
  close(): void;
}

function cursor<V>(cells: Iterator<[string, Cell<V>]>): Cursor<V> {
  let next = cells.next();
  return {
    get key(): string | undefined {
      return next.done === true ? undefined : next.value[0];
    },
    take(): Cell<V> {
      const cell = (next.value as [string, Cell<V>])[1];
      next = cells.next();
      return cell;
    },
    close(): void {
      cells.return?.();
    },
  };
}

function baseCursor<V>(rows: Iterator<Row<V>>): Cursor<V> {
  let next = rows.next();
  return {
    get key(): string | undefined {
      return next.done === true ? undefined : next.value.key;
    },
    take(): Cell<V> {
      const { value } = next.value as Row<V>;
      next = rows.next();
      return value;
    },
    close(): void {
      if (next.done !== true) rows.return?.();
    },
  };
}

function least(...keys: (string | undefined)[]): string | undefined {
  let found: string | undefined;
  for (const key of keys) {
    if (key !== undefined && (found === undefined || key < found)) found = key;
  }
  return found;
}

// One layer of a table in memory: rows that were written since a checkpoint. A deleted row is a tombstone,
// since an older layer may have it.

import sortedBtree from "sorted-btree";
import { endOfPrefix, objectOfKey } from "../core/keys.js";

// The package is CommonJS: its class is a member of what Node imports as the default, and is itself the
// default where a tool (vitest, bundlers) has unwrapped it.
type BTreeClass = typeof sortedBtree.default;
const { default: BTree = sortedBtree as unknown as BTreeClass } = sortedBtree as {
  readonly default?: BTreeClass;
};

export const tombstone: unique symbol = Symbol("deleted");
export type Cell<V> = V | typeof tombstone;

export interface Layer<V> {
  readonly size: number;
  get(key: string): Cell<V> | undefined;
  set(key: string, cell: Cell<V>): void;
  remove(key: string): void;
  /** Whether what older layers have of a row counts for nothing, though this one has no cell of it. */
  hides(key: string): boolean;
  /** All cells in key order. */
  sorted(): Iterable<[string, Cell<V>]>;
}

/** For tables that are only read by key. */
export class PointLayer<V> implements Layer<V> {
  readonly #rows = new Map<string, Cell<V>>();

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): Cell<V> | undefined {
    return this.#rows.get(key);
  }

  set(key: string, cell: Cell<V>): void {
    this.#rows.set(key, cell);
  }

  remove(key: string): void {
    this.#rows.delete(key);
  }

  hides(): boolean {
    return false;
  }

  sorted(): Iterable<[string, Cell<V>]> {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** For tables that are scanned in key order. */
export class SortedLayer<V> implements Layer<V> {
  readonly #rows = new BTree<string, Cell<V>>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0));
  readonly #cleared = new Set<string>();

  get size(): number {
    return this.#rows.size;
  }

  /** Objects of which older layers count for nothing. */
  get cleared(): ReadonlySet<string> {
    return this.#cleared;
  }

  get(key: string): Cell<V> | undefined {
    return this.#rows.get(key);
  }

  /** Removes an object's cells, and returns them. What older layers have of it is as good as deleted. */
  clear(object: string): [string, Cell<V>][] {
    this.#cleared.add(object);
    const to = endOfPrefix(object);
    const removed = this.#rows.getRange(object, to);
    if (removed.length > 0) this.#rows.deleteRange(object, to, false);
    return removed;
  }

  unclear(object: string): void {
    this.#cleared.delete(object);
  }

  hides(key: string): boolean {
    return this.#cleared.size > 0 && this.#cleared.has(objectOfKey(key));
  }

  /** Whether older layers count for nothing from a key on to another. */
  hidesRange(from: string, to: string): boolean {
    return this.hides(from) && to <= endOfPrefix(objectOfKey(from));
  }

  set(key: string, cell: Cell<V>): void {
    this.#rows.set(key, cell);
  }

  remove(key: string): void {
    this.#rows.delete(key);
  }

  sorted(): Iterable<[string, Cell<V>]> {
    return this.#rows.entries();
  }

  /** Cells from a key on, in key order. The layer must not change while they are read. */
  from(key: string): Iterator<[string, Cell<V>]> {
    return this.#rows.entries(key);
  }
}

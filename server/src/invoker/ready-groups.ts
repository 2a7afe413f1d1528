// The heads of the ready groups. Memory is bounded: a group keeps some rows, and where there are more it
// remembers the partitions to look into when those have been taken. Groups take turns.

import { groupOfReadyKey, readyKey, endOfPrefix } from "../core/keys.js";
import type { Tables } from "../core/tables.js";

export interface ReadyItem {
  readonly partition: number;
  readonly runId: string;
}

interface Group {
  readonly name: string;
  items: ReadyItem[];
  /** The first of `items` that was not taken yet. */
  head: number;
  /** Partitions that may have rows that are not in `items`. */
  readonly beyond: Set<number>;
}

const itemsMax = 4_096;
const rowsPerLook = 512;
/** Items that were taken and not let go of. */
const takenMax = 1_024;

export class ReadyGroups {
  readonly #groups = new Map<string, Group>();
  readonly #tables: (partition: number) => Tables;
  readonly #isRunning: (runId: string) => boolean;

  constructor(tables: (partition: number) => Tables, isRunning: (runId: string) => boolean) {
    this.#tables = tables;
    this.#isRunning = isRunning;
  }

  /** A row was added. */
  add(name: string, item: ReadyItem): void {
    const group = this.#group(name);
    if (group.beyond.size > 0 || group.items.length - group.head >= itemsMax) {
      group.beyond.add(item.partition);
    } else {
      group.items.push(item);
    }
  }

  /** After a restart: finds the groups that a partition has rows of. */
  discover(partition: number): void {
    const { ready } = this.#tables(partition);
    let from = "";
    for (;;) {
      const [first] = ready.scan(from, "\u00ff", 1);
      if (first === undefined) return;
      const name = groupOfReadyKey(first.key);
      this.#group(name).beyond.add(partition);
      from = endOfPrefix(readyKey(name, 0).slice(0, name.length + 1));
    }
  }

  /** Those that were not served for the longest time come first. */
  names(): string[] {
    return [...this.#groups.keys()];
  }

  /** The next row of a group, in order of arrival within its partition. Only when the tables are durable. */
  take(name: string): ReadyItem | undefined {
    const group = this.#groups.get(name);
    if (group === undefined) return undefined;
    if (group.head >= group.items.length) {
      this.#look(group);
      if (group.items.length === 0) {
        this.#groups.delete(name);
        return undefined;
      }
    }
    const item = group.items[group.head++];
    this.#groups.delete(name);
    this.#groups.set(name, group);
    if (group.head >= takenMax) {
      group.items.splice(0, group.head);
      group.head = 0;
    }
    return item;
  }

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { name, items: [], head: 0, beyond: new Set() };
      this.#groups.set(name, group);
    }
    return group;
  }

  #look(group: Group): void {
    group.items = [];
    group.head = 0;
    for (const partition of group.beyond) {
      const room = itemsMax - group.items.length;
      if (room <= 0) return;
      const found = this.#waitingRows(group.name, partition, room);
      for (const runId of found) group.items.push({ partition, runId });
      if (found.length < room) group.beyond.delete(partition);
    }
  }

  /** Rows of a partition that no attempt runs for: read page by page, since those that run stay in the table. */
  #waitingRows(group: string, partition: number, room: number): string[] {
    const { ready } = this.#tables(partition);
    const end = endOfPrefix(readyKey(group, 0).slice(0, group.length + 1));
    const found: string[] = [];
    let from = readyKey(group, 0);
    for (;;) {
      const rows = ready.scan(from, end, rowsPerLook);
      for (const { value } of rows) {
        if (!this.#isRunning(value.runId)) found.push(value.runId);
        if (found.length >= room) return found;
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsPerLook) return found;
      from = `${last.key}\u0000`;
    }
  }
}

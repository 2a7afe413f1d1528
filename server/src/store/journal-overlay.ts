// Journals in layers. In memory a journal is the list of entries since a checkpoint; in LMDB it is chunks,
// one for each checkpoint that found new entries. A journal that was begun and finished between two
// checkpoints is one record.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { invariant } from "@perdure/protocol/assert";
import type { JournalTable } from "../core/tables.js";
import type { UndoLog } from "./undo-log.js";

/** The end of a journal, as one layer has it. */
export interface JournalTail {
  /** Index of the first entry. */
  readonly from: number;
  readonly entries: Entry[];
  /** Whether older layers have entries before these, had some that are deleted, or never had any. */
  readonly older: "kept" | "deleted" | "none";
}

/** The chunks that LMDB has. */
export interface JournalBase {
  /** Entries from an index on. */
  read(runId: string, from: number): Entry[];
}

export interface JournalOptions {
  readonly base: JournalBase;
  readonly undo: UndoLog;
  readonly sizeOf: (entry: Entry) => number;
  readonly grown: (bytes: number) => void;
}

export class JournalOverlay implements JournalTable {
  readonly #options: JournalOptions;
  #live = new Map<string, JournalTail>();
  #frozen: Map<string, JournalTail> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  append(runId: string, index: number, entry: Entry): void {
    const tail = this.#live.get(runId);
    const live = this.#live;
    if (tail === undefined) {
      live.set(runId, { from: index, entries: [entry], older: index === 0 ? "none" : "kept" });
      this.#options.undo.pushStep({ undo: () => live.delete(runId) });
    } else {
      invariant(index === tail.from + tail.entries.length, "a journal has no gaps");
      tail.entries.push(entry);
      this.#options.undo.pushStep({ undo: () => tail.entries.pop() });
    }
    this.#options.grown(this.#options.sizeOf(entry));
  }

  read(runId: string, from = 0): Entry[] {
    const live = this.#live.get(runId);
    if (live !== undefined && hasAllFrom(live, from)) return entriesFrom(live, from);
    const newest = live?.entries ?? [];
    const frozen = this.#frozen?.get(runId);
    if (frozen === undefined) return this.#options.base.read(runId, from).concat(newest);
    const middle = entriesFrom(frozen, from).concat(newest);
    if (hasAllFrom(frozen, from)) return middle;
    // The base may have what is frozen already: a checkpoint's transactions become visible one by one.
    return this.#options.base
      .read(runId, from)
      .slice(0, frozen.from - from)
      .concat(middle);
  }

  delete(runId: string): void {
    const live = this.#live;
    const before = live.get(runId);
    if (before?.older === "none") live.delete(runId);
    else live.set(runId, { from: 0, entries: [], older: "deleted" });
    this.#options.undo.pushStep({
      undo: () => {
        if (before === undefined) live.delete(runId);
        else live.set(runId, before);
      },
    });
    this.#options.grown(runId.length);
  }

  freeze(): void {
    this.#frozen = this.#live;
    this.#live = new Map();
  }

  /** What is frozen, in key order. */
  frozenTails(): [string, JournalTail][] {
    return [...(this.#frozen ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  thaw(): void {
    this.#frozen = undefined;
  }
}

/** Whether no older layer has any entry from an index on. */
function hasAllFrom({ from: first, older }: JournalTail, from: number): boolean {
  return older !== "kept" || first <= from;
}

function entriesFrom({ from: first, entries }: JournalTail, from: number): Entry[] {
  return entries.slice(Math.max(0, from - first));
}

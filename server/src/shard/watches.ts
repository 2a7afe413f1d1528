// Live connections that are told what happens to an invocation. They live with the process: what was told is in
// the cursor of each message, so that a watch can be taken up again after a restart, from the tables alone.
//   W4. A watch reads only tables that are durable, and reads again when a batch has changed its invocation's record.
//   W5. A watch that nobody reads costs nothing but its place: it reads when the one before was taken. One whose
//       invocation stands still costs a batch of its partition a look at memory, never at LMDB.

import { partitionOfInvocationId } from "@perdure/protocol/ids";
import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import type { OutputResult } from "../core/effect.js";
import { findRun, readOutput } from "../core/queries.js";
import type { Gone } from "./invocations.js";
import type { Shard } from "./shard.js";
import {
  AskedCommands,
  cursorOf,
  endedEvent,
  happenedSince,
  type Happened,
  type Progress,
  type WatchEvent,
} from "./watch-events.js";

export interface Watched {
  readonly invocationId: string;
  /** From where a later watch goes on. */
  readonly cursor: string;
  readonly event: WatchEvent;
}

export interface WatchesOptions {
  readonly shard: () => Shard;
  readonly attemptOf: (runId: string) => "computing" | "waiting" | undefined;
}

/** The invocation has another life by now than the one that the cursor is of, or none. */
export class LifeOver extends Error {
  override readonly name = "LifeOver";
}

type Tables = ReturnType<Shard["tables"]>;

interface Watcher {
  readonly runId: string;
  readonly partition: number;
  /** Its record as it was read last. */
  invocation: Invocation | undefined;
  /** What memory had of the record then. What has gone to LMDB since has not changed by that. */
  recent: ReturnType<Tables["recentInvocation"]>;
  readonly asked: AskedCommands;
  /** How it ended, where its record went with its end. */
  ended: OutputResult | undefined;
  wake: () => void;
}

export class Watches {
  readonly #options: WatchesOptions;
  readonly #byRun = new Map<string, Set<Watcher>>();
  readonly #byPartition = new Map<number, Set<Watcher>>();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  // ---- from the shard and the invoker

  /** A batch is durable. */
  released(batch: readonly { readonly partition: number }[]): void {
    if (this.#byPartition.size === 0) return;
    for (const changed of new Set(batch.map(({ partition }) => partition))) {
      const watchers = this.#byPartition.get(changed);
      if (watchers === undefined) continue;
      const tables = this.#tables(changed);
      for (const watcher of watchers) {
        const recent = tables.recentInvocation(watcher.runId);
        if (recent !== undefined && recent !== watcher.recent) watcher.wake();
      }
    }
  }

  completed(runId: string, output: OutputResult): void {
    for (const watcher of this.#byRun.get(runId) ?? []) {
      watcher.ended = output;
      watcher.wake();
    }
  }

  /** The attempt of a run computes or waits now, and did not before. */
  attemptChanged(runId: string): void {
    for (const watcher of this.#byRun.get(runId) ?? []) watcher.wake();
  }

  // ---- for callers

  /** Watches that are listened to. */
  get count(): number {
    let count = 0;
    for (const watchers of this.#byPartition.values()) count += watchers.size;
    return count;
  }

  /**
   * Tells all that happens until the invocation has completed, or nobody listens any more.
   * @throws LifeOver
   * @returns undefined  there is no such invocation
   */
  async watch(
    invocationId: string,
    since: Progress | undefined,
    gone: Gone,
  ): Promise<AsyncGenerator<Watched, void> | undefined> {
    const runId = await this.#durable(invocationId, () => this.#find(invocationId));
    if (runId === undefined) return undefined;
    if (since !== undefined && since.runId !== runId) {
      throw new LifeOver(`the cursor is of an earlier life of ${invocationId}`);
    }
    return this.#follow(invocationId, runId, since, gone);
  }

  async *#follow(
    invocationId: string,
    runId: string,
    since: Progress | undefined,
    gone: Gone,
  ): AsyncGenerator<Watched, void> {
    let progress = since;
    const watcher = this.#add(invocationId, runId);
    const wake = (): void => {
      watcher.wake();
    };
    gone.addEventListener("abort", wake);
    try {
      while (!gone.aborted) {
        const woken = new Promise<void>((resolve) => (watcher.wake = resolve));
        const told = await this.#durable(invocationId, () => this.#look(watcher, progress));
        for (const { event, progress: next } of told) {
          progress = next;
          yield { invocationId, cursor: cursorOf(next), event };
        }
        if (progress?.standing === "completed") return;
        if (watcher.invocation === undefined && watcher.ended === undefined) return;
        if (told.length === 0) await woken;
      }
    } finally {
      this.#remove(watcher);
    }
  }

  /** What there is to tell now. */
  #look(watcher: Watcher, since: Progress | undefined): Happened[] {
    const { runId, ended } = watcher;
    const tables = this.#tables(watcher.partition);
    const invocation = tables.invocations.get(runId);
    watcher.invocation = invocation;
    watcher.recent = tables.recentInvocation(runId);
    if (invocation !== undefined) {
      const { asked } = watcher;
      const from = Math.min(since?.entries ?? 0, asked.readTo);
      const entries = tables.journal.read(runId, from);
      asked.read(entries, from);
      const isOver = invocation.status === InvocationStatus.COMPLETED;
      const output = isOver ? readOutput(tables, runId, invocation) : undefined;
      const attempt = this.#options.attemptOf(runId);
      return happenedSince(runId, { invocation, entries, from, asked, output, attempt }, since);
    }
    if (ended === undefined) return [];
    const progress = { runId, entries: since?.entries ?? 0, standing: "completed" };
    return [{ event: endedEvent(ended), progress }];
  }

  #find(invocationId: string): string | undefined {
    return findRun(this.#tables(partitionOfInvocationId(invocationId)), invocationId);
  }

  #tables(place: number): Tables {
    return this.#options.shard().tables(place);
  }

  #durable<T>(invocationId: string, read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#options.shard().whenPartitionDurable(partitionOfInvocationId(invocationId), () => {
        try {
          resolve(read());
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  #add(invocationId: string, runId: string): Watcher {
    const partition = this.#options.shard().partitionAt(partitionOfInvocationId(invocationId));
    const watcher: Watcher = {
      runId,
      partition,
      invocation: undefined,
      recent: undefined,
      asked: new AskedCommands(),
      ended: undefined,
      wake: () => undefined,
    };
    addTo(this.#byRun, runId, watcher);
    addTo(this.#byPartition, partition, watcher);
    return watcher;
  }

  #remove(watcher: Watcher): void {
    removeFrom(this.#byRun, watcher.runId, watcher);
    removeFrom(this.#byPartition, watcher.partition, watcher);
  }
}

function addTo<K>(sets: Map<K, Set<Watcher>>, key: K, watcher: Watcher): void {
  const there = sets.get(key);
  if (there === undefined) sets.set(key, new Set([watcher]));
  else there.add(watcher);
}

function removeFrom<K>(sets: Map<K, Set<Watcher>>, key: K, watcher: Watcher): void {
  const there = sets.get(key);
  if (there?.delete(watcher) === true && there.size === 0) sets.delete(key);
}

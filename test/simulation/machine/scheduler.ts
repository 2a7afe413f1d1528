// Simulated time. Every timer, immediate, disk sync and delivery of the world is a task here; the loop takes the
// earliest, runs it, and lets all that follows from it by promises settle before it takes the next.
//   T1. A task belongs to a process. When that process is dead its tasks never run: code of a crashed process can't go
//       on, since nothing it waits for ever comes.
//   T2. Tasks of the same time run in the order in which they were made: the history follows from the seed alone.

import { createHash } from "node:crypto";
import type { Random } from "./random.js";
import { real } from "./real.js";

/** A process of the simulated world, from its start to its end. */
export interface Process {
  readonly name: string;
  alive: boolean;
}

interface Task {
  readonly at: number;
  readonly order: number;
  readonly owner: Process;
  run: (() => void) | undefined;
}

export class Scheduler {
  /** Milliseconds since the world began. */
  nowMs = 0;
  /** Whose code runs. */
  current: Process;
  /** What came out of a task, and nobody caught. */
  onError: (owner: Process, error: unknown) => void = (_, error) => {
    throw error;
  };
  /** Called after each task, when all that followed from it has settled. */
  afterTask: () => void = () => undefined;
  tasks = 0;
  readonly #heap: Task[] = [];
  readonly #turnsEnd = new Map<Process, number>();
  readonly #random: Random;
  readonly #trace = createHash("sha256");
  #order = 0;

  constructor(random: Random, world: Process) {
    this.#random = random;
    this.current = world;
  }

  /** Something that is part of the history. */
  note(...what: readonly (string | number | Uint8Array)[]): void {
    for (const part of what) this.#trace.update(typeof part === "number" ? `${part} ` : part);
  }

  /** A hash of the history so far. */
  digest(): string {
    return this.#trace.copy().digest("hex");
  }

  at(atMs: number, owner: Process, run: () => void): { cancel(): void } {
    const task: Task = { at: Math.max(atMs, this.nowMs), order: ++this.#order, owner, run };
    this.#push(task);
    return {
      cancel: () => {
        task.run = undefined;
      },
    };
  }

  after(delayMs: number, owner: Process, run: () => void): { cancel(): void } {
    return this.at(this.nowMs + delayMs, owner, run);
  }

  /** At the end of the process's turn, which takes a moment: what arrives meanwhile comes before it. */
  immediate(run: () => void): { cancel(): void } {
    const owner = this.current;
    const end = Math.max(
      this.#turnsEnd.get(owner) ?? 0,
      this.nowMs + (this.#random.chance(0.5) ? 0 : this.#random.about(0.05)),
    );
    this.#turnsEnd.set(owner, end);
    return this.at(end, owner, run);
  }

  /** Resolves when the time has come; never, where the process that waits has died. */
  wait(delayMs: number): Promise<void> {
    const owner = this.current;
    return new Promise((resolve) => {
      this.after(delayMs, owner, resolve);
    });
  }

  /** Runs tasks until `done` says so, none is left, or the time is over. */
  async run(done: () => boolean, untilMs = Infinity): Promise<void> {
    while (!done()) {
      const task = this.#heap[0];
      if (task === undefined || task.at > untilMs) return;
      this.#pop();
      if (task.run === undefined || !task.owner.alive) continue;
      this.nowMs = Math.max(this.nowMs, task.at);
      await this.#perform(task, task.run);
    }
  }

  async #perform({ owner, at }: Task, run: () => void): Promise<void> {
    this.tasks++;
    this.note(at, owner.name);
    const before = this.current;
    this.current = owner;
    try {
      run();
    } catch (error) {
      this.onError(owner, error);
    }
    // All promises that are settled by it settle within the turn.
    await new Promise<void>((resolve) => {
      real.setImmediate(resolve);
    });
    this.afterTask();
    this.current = before;
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(task);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Task;
      if (isBefore(parent, task)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = task;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      const right = heap[childAt + 1];
      if (right !== undefined && isBefore(right, heap[childAt] as Task)) childAt++;
      const child = heap[childAt] as Task;
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

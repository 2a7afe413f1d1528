// The processes that run the other shards, together.
//   W1. One that ends unasked ends the server: its partitions have nobody else.
//   W2. They end with the server, however it ends: whoever loses it stops.

import type { Socket } from "node:net";
import { Child } from "./child.js";
import type { WorkerStart } from "./worker-messages.js";

export interface WorkerPoolOptions {
  /** For each worker of the pool. */
  readonly starts: readonly Omit<WorkerStart, "kind">[];
  /** Flags of node and V8 for their processes. Default: those of this one. */
  readonly execArgv: readonly string[] | undefined;
  /** One of them has ended, or can't go on. */
  readonly onFatal: (error: unknown) => void;
}

export class WorkerPool {
  readonly #children: readonly Child[];
  readonly #listening: readonly Promise<void>[];
  readonly #opened: readonly Promise<void>[];
  #isServing = false;
  #turn = 0;

  /** Starts the processes. */
  constructor({ starts, execArgv, onFatal }: WorkerPoolOptions) {
    this.#children = starts.map((start) => new Child({ start, execArgv, onFailed: onFatal }));
    this.#listening = this.#children.map((child) => child.said("listening"));
    this.#opened = this.#children.map((child) => child.said("opened"));
    // Told where they are waited for.
    for (const said of [...this.#listening, ...this.#opened]) said.catch(() => undefined);
  }

  /** Resolves when all of them can be found, and look for one another. */
  async meet(): Promise<void> {
    await Promise.all(this.#listening);
    for (const child of this.#children) child.say({ kind: "meet" });
  }

  /** Resolves when all of them have recovered, and found one another. Rejects with why one has not. */
  async opened(): Promise<void> {
    await Promise.all(this.#opened);
  }

  /** Callers are served from now on. */
  async serve(): Promise<void> {
    const serving = this.#children.map(async (child) => {
      const said = child.said("serving");
      child.say({ kind: "serve" });
      await said;
    });
    await Promise.all(serving);
    this.#isServing = true;
  }

  /** Hands a connection to whose turn it is. False where it is this process's. */
  handOn(socket: Socket): boolean {
    if (!this.#isServing) return false;
    this.#turn = (this.#turn + 1) % (this.#children.length + 1);
    return this.#children[this.#turn - 1]?.handOn(socket) ?? false;
  }

  /** No new work; requests that are being answered may end. */
  async drain(): Promise<void> {
    this.#isServing = false;
    await Promise.all(this.#children.map((child) => child.drain()));
  }

  /** Ends them in good order. What was acknowledged is on disk when it resolves. */
  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.close()));
  }
}

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
  readonly #recovered: ReturnType<Child["said"]>[];
  readonly #opened: ReturnType<Child["said"]>[];
  #isServing = false;
  #turn = 0;

  /** Starts the processes. */
  constructor({ starts, execArgv, onFatal }: WorkerPoolOptions) {
    this.#children = starts.map((start) => new Child({ start, execArgv, onFailed: onFatal }));
    this.#recovered = this.#children.map((child) => child.said("recovered"));
    this.#opened = this.#children.map((child) => child.said("opened"));
    // Told where they are waited for.
    for (const said of [...this.#recovered, ...this.#opened]) said.catch(() => undefined);
  }

  /**
   * Resolves when all of them have recovered, and can be found.
   * @returns of the newest record that any of them has, in epoch milliseconds; 0 for none
   */
  async recovered(): Promise<number> {
    const all = await Promise.all(this.#recovered);
    return Math.max(0, ...all.map((said) => (said.kind === "recovered" ? said.lastEventAt : 0)));
  }

  /** They look for one another, and go on. */
  meet(lastEventAt: number): void {
    for (const child of this.#children) child.say({ kind: "meet", lastEventAt });
  }

  /** Resolves when all of them have found one another, and go on. Rejects with why one does not. */
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

// One process that runs a shard, as the server sees it.

import { fork, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.js";

/** A worker could not start, or has ended. Nothing that was acknowledged is lost. */
export class WorkerFailed extends Error {
  override readonly name = "WorkerFailed";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message.startsWith(code) ? message : `${code}: ${message}`);
    this.code = code;
  }
}

export interface ChildOptions {
  readonly start: Omit<WorkerStart, "kind">;
  /** Flags of node and V8. Default: those of this process. */
  readonly execArgv: readonly string[] | undefined;
  /** It has ended unasked, or says that it can't go on. */
  readonly onFailed: (error: WorkerFailed) => void;
}

type Said = Exclude<FromWorker, { readonly kind: "failed" }>;

interface Waiting {
  readonly kind: Said["kind"];
  readonly resolve: (message: Said) => void;
  readonly reject: (error: unknown) => void;
}

/** Processes are started from built files. */
const runsFromSource = import.meta.url.endsWith(".ts");
const entry = new URL(
  runsFromSource ? "../../dist/worker-process.js" : "../worker-process.js",
  import.meta.url,
);

export class Child {
  /** Resolves when the process has ended, however. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #options: ChildOptions;
  #waiting: Waiting[] = [];
  #failure: WorkerFailed | undefined;
  #isClosing = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    const { start, execArgv } = options;
    this.#process = fork(entry, [], {
      serialization: "advanced",
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    });
    this.#process.on("message", (message: FromWorker) => {
      this.#heard(message);
    });
    this.ended = new Promise((resolve) => {
      this.#process.once("exit", (code, signal) => {
        this.#exited(signal ?? `status ${String(code)}`);
        resolve();
      });
    });
    this.#process.on("error", (error) => {
      this.#exited(error.message);
    });
    this.say({ kind: "start", ...start });
  }

  say(message: ToWorker): void {
    // One that has ended is told nothing: its end is dealt with where it is seen.
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  /** Resolves when it says so, and rejects where it fails before. */
  said(kind: Said["kind"]): Promise<Said> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ kind, resolve, reject });
    });
  }

  /** False where it can't take one. */
  handOn(socket: Socket): boolean {
    if (!this.#process.connected || this.#isClosing) return false;
    const message: ToWorker = { kind: "connection" };
    this.#process.send(message, socket, {}, (error) => {
      if (error !== null) socket.destroy();
    });
    return true;
  }

  /** No new work; requests that are being answered may end. Resolves also where it has ended before. */
  async drain(): Promise<void> {
    this.#isClosing = true;
    const drained = this.said("drained").catch(() => undefined);
    this.say({ kind: "drain" });
    await drained;
  }

  /** Everything that was acknowledged is on disk when it resolves. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.say({ kind: "close" });
    await this.ended;
  }

  #heard(message: FromWorker): void {
    if (message.kind === "failed") {
      const { code = "PDR1304", message: what } = message;
      return this.#failed(new WorkerFailed(code, what));
    }
    const heard = this.#waiting.filter(({ kind }) => kind === message.kind);
    this.#waiting = this.#waiting.filter(({ kind }) => kind !== message.kind);
    for (const { resolve } of heard) resolve(message);
  }

  #exited(how: string): void {
    const { worker } = this.#options.start;
    this.#failed(
      new WorkerFailed(
        "PDR1304",
        `worker ${String(worker)} has ended (${how}), and the server with it: nobody else runs its partitions. Nothing that was accepted is lost: it goes on at the next start`,
      ),
    );
  }

  #failed(error: WorkerFailed): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    if (!this.#isClosing) this.#options.onFailed(error);
  }
}

// The process of a worker: a shard with its engine, and its share of the callers' connections. Started by the server,
// which tells it everything by messages, and ended with it.

import type { Socket } from "node:net";
import { Closing } from "./closing.js";
import { lockShard } from "./data-directory.js";
import type { Port } from "./http/port.js";
import { createLog, type Log } from "./observe/log.js";
import { signerOf } from "./outbound/request-signer.js";
import { lastEventAt } from "./shard/recovery.js";
import { Worker } from "./worker.js";
import { HandedConnections } from "./workers/handed-connections.js";
import type { FromWorker, ToWorker, WorkerStart } from "./workers/worker-messages.js";

// Ctrl+C and whoever stops a service tell every process of it: when this one ends is for the server to say.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
// As the server was: its log must not be written when a new one may have begun to read it.
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));

class WorkerProcess {
  readonly #start: WorkerStart;
  readonly #connections: HandedConnections;
  readonly #closing = new Closing();
  readonly #log: Log;
  readonly #worker: Worker;
  #ingress: Port | undefined;
  #met: (lastEventAt: number) => void = () => undefined;

  constructor(start: WorkerStart) {
    this.#start = start;
    const { config, ingress } = start;
    this.#connections = new HandedConnections(ingress);
    this.#log = createLog(config.logLevel);
    this.#worker = new Worker({
      ...start,
      log: this.#log,
      signer: signerOf(config.requestIdentityKeyFile),
      onFatal: fail,
      closing: this.#closing,
    });
  }

  async open(): Promise<void> {
    const { directory } = this.#start;
    const met = new Promise<number>((resolve) => (this.#met = resolve));
    await this.#worker.listen();
    this.#closing.add(await this.#lock(directory));
    const recovered = await this.#worker.recover({ directory });
    say({ kind: "recovered", lastEventAt: lastEventAt(recovered) });
    await this.#worker.start(recovered, await met);
    this.#ingress = await this.#worker.openIngress(this.#connections);
    say({ kind: "opened" });
  }

  /** The worker of a server that was killed a moment ago ends at once; one that is halted does not. */
  async #lock(directory: string): Promise<() => void> {
    return await lockShard(directory, (path) => {
      this.#log.warn(
        `worker ${String(this.#start.worker)} waits for ${path}, which a process of an earlier server holds`,
      );
    });
  }

  async take(message: ToWorker, socket: Socket | undefined): Promise<void> {
    switch (message.kind) {
      case "start":
        return;
      case "meet":
        return this.#met(message.lastEventAt);
      case "serve":
        this.#worker.isServing = true;
        return say({ kind: "serving" });
      case "connection":
        // One that its client has closed on the way comes as nothing.
        if (socket !== undefined) this.#connections.add(socket);
        return;
      case "drain":
        await this.#ingress?.close();
        return say({ kind: "drained" });
      case "close":
        await this.#closing.close();
        process.exit(0);
    }
  }
}

function say(message: FromWorker): void {
  process.send?.(message);
}

/** What it was is told by the server; the process ends as the server says, or with it. */
function fail(error: unknown): void {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  say({ kind: "failed", code, message: message ?? String(error) });
}

let worker: WorkerProcess | undefined;
process.on("message", (message: ToWorker, socket: Socket | undefined) => {
  if (message.kind === "start") {
    worker = new WorkerProcess(message);
    worker.open().catch(fail);
  } else worker?.take(message, socket).catch(fail);
});

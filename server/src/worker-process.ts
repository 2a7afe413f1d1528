// The process of a worker: a shard with its engine, and its share of the callers' connections. Started by the server,
// which tells it everything by messages, and ended with it.

import type { Socket } from "node:net";
import { lockShard } from "./data-directory.js";
import type { Port } from "./http/port.js";
import { startIngress } from "./ingress/start-ingress.js";
import { createLog, type Log } from "./observe/log.js";
import { createAddressGuard } from "./outbound/address-guard.js";
import { signerOf } from "./outbound/request-signer.js";
import { createClock } from "./shard/clock.js";
import { lastEventAt, recoverShard } from "./shard/recovery.js";
import { HandedConnections } from "./workers/handed-connections.js";
import { Meeting } from "./workers/meeting.js";
import { Member } from "./workers/member.js";
import type { PeerLink } from "./workers/peer.js";
import type { FromWorker, ToWorker, WorkerStart } from "./workers/worker-messages.js";

// Ctrl+C and whoever stops a service tell every process of it: when this one ends is for the server to say.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
// Its log must not be written when a new server may have begun to read it.
process.once("disconnect", () => process.exit(1));

class WorkerProcess {
  readonly #start: WorkerStart;
  readonly #connections: HandedConnections;
  readonly #member: Member;
  readonly #meeting: Meeting;
  readonly #closing: (() => Promise<void> | void)[] = [];
  readonly #log: Log;
  #ingress: Port | undefined;
  #ready = false;
  #met: (lastEventAt: number) => void = () => undefined;

  constructor(start: WorkerStart) {
    this.#start = start;
    const { config, worker, layout, ingress } = start;
    this.#connections = new HandedConnections(ingress);
    const log = (this.#log = createLog(config.logLevel));
    const links = new Map<number, PeerLink>();
    this.#member = new Member({
      worker,
      layout,
      links,
      engine: {
        config,
        clock: createClock(),
        log,
        signer: signerOf(config.requestIdentityKeyFile),
        guard: createAddressGuard(config.allowDeployments),
        onFatal: fail,
      },
    });
    this.#meeting = new Meeting({
      directory: start.meeting,
      worker,
      workers: layout.workers,
      links,
      methods: () => this.#member.methods(),
    });
  }

  async open(): Promise<void> {
    const { directory, config, layout } = this.#start;
    const { engine, invocations, watches } = this.#member;
    const met = new Promise<number>((resolve) => (this.#met = resolve));
    await this.#meeting.listen();
    this.#closing.push(await this.#lock(directory));
    const recovered = await recoverShard({
      directory,
      partitions: layout.partitions,
      writer: "thread",
    });
    this.#closing.push(() => recovered.store.close());
    this.#closing.push(() => recovered.log.close());
    say({ kind: "recovered", lastEventAt: lastEventAt(recovered) });
    const lastAt = await met;
    await this.#meeting.dial();
    const shard = await this.#member.start(recovered, lastAt);
    this.#closing.push(() => shard.close());
    this.#closing.push(() => {
      engine.invoker.close();
    });
    this.#ingress = await startIngress({
      invocations,
      watches,
      registry: () => engine.registry.view,
      ready: () => this.#ready,
      ...config.ingress,
      source: this.#connections,
      bodyBytesMax: config.bodyBytesMax,
      requestsMax: config.ingressRequestsMax,
      connectionsMax: config.ingressConnectionsMax,
    });
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
        this.#ready = true;
        return say({ kind: "serving" });
      case "connection":
        // One that its client has closed on the way comes as nothing.
        if (socket !== undefined) this.#connections.add(socket);
        return;
      case "drain":
        await this.#ingress?.close();
        return say({ kind: "drained" });
      case "close":
        for (const close of this.#closing.reverse()) await close();
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

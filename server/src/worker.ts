// A worker with its shard's files, its links to the others and its port for callers: what the server's own process has,
// and each process that it starts.

import type { ServerConfig } from "./config/server-config.js";
import type { Closing } from "./closing.js";
import type { ConnectionSource } from "./http/listener.js";
import type { Port } from "./http/port.js";
import { startIngress } from "./ingress/start-ingress.js";
import type { Log } from "./observe/log.js";
import { createAddressGuard } from "./outbound/address-guard.js";
import type { RequestSigner } from "./outbound/request-signer.js";
import { createClock, type Clock } from "./shard/clock.js";
import { recoverShard, type Recovered } from "./shard/recovery.js";
import type { Shard } from "./shard/shard.js";
import { Meeting } from "./workers/meeting.js";
import { Member } from "./workers/member.js";
import type { PeerLink } from "./workers/peer.js";
import type { Layout } from "./workers/routing.js";

export interface WorkerOptions {
  /** The number of this worker. */
  readonly worker: number;
  readonly layout: Layout;
  /** Where workers find one another. */
  readonly meeting: string;
  /** What it may use is its share already. */
  readonly config: ServerConfig;
  readonly log: Log;
  readonly signer: RequestSigner | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** The shard had to stop. */
  readonly onFatal: (error: unknown) => void;
  /** Everything that the worker opens is added to it. */
  readonly closing: Closing;
}

export interface ShardFiles {
  readonly directory: string;
  /** As in `StartOptions`. */
  readonly damagedLog?: "refuse" | "cut" | undefined;
}

export class Worker {
  readonly member: Member;
  readonly #options: WorkerOptions;
  readonly #meeting: Meeting;
  /** Whether callers are served. Until then they are answered with 503. */
  isServing = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { worker, layout, config, log, signer, onFatal } = options;
    const links = new Map<number, PeerLink>();
    const guard = createAddressGuard(config.allowDeployments);
    const clock = options.clock ?? createClock();
    this.member = new Member({
      worker,
      layout,
      links,
      engine: { config, clock, log, signer, guard, onFatal },
    });
    this.#meeting = new Meeting({
      directory: options.meeting,
      worker,
      workers: layout.workers,
      links,
      methods: () => this.member.methods(),
    });
  }

  /** Resolves when the others can find it. */
  async listen(): Promise<void> {
    this.#options.closing.add(() => {
      this.#meeting.close();
    });
    await this.#meeting.listen();
  }

  /** Replays the log over the tables. Nothing is written before {@link start}. */
  async recover({ directory, damagedLog }: ShardFiles): Promise<Recovered> {
    const { layout, closing } = this.#options;
    const recovered = await recoverShard({
      directory,
      partitions: layout.partitions,
      writer: "thread",
      ...(damagedLog === undefined ? {} : { damagedLog }),
    });
    closing.add(() => recovered.store.close());
    closing.add(() => recovered.log.close());
    return recovered;
  }

  /**
   * Meets the others, who must all listen, and goes on from what was recovered.
   * @param lastAt  of the newest record that any of them has
   */
  async start(recovered: Recovered, lastAt: number): Promise<Shard> {
    const { closing } = this.#options;
    await this.#meeting.dial();
    const shard = await this.member.start(recovered, lastAt);
    closing.add(() => shard.close());
    closing.add(() => {
      this.member.engine.invoker.close();
    });
    return shard;
  }

  /** @throws PortError  PDR5001 */
  async openIngress(source: ConnectionSource): Promise<Port> {
    const { config, closing } = this.#options;
    const { engine, invocations, watches } = this.member;
    const ingress = await startIngress({
      invocations,
      watches,
      registry: () => engine.registry.view,
      ready: () => this.isServing,
      ...config.ingress,
      source,
      bodyBytesMax: config.bodyBytesMax,
      requestsMax: config.ingressRequestsMax,
      connectionsMax: config.ingressConnectionsMax,
    });
    closing.add(() => ingress.close());
    return ingress;
  }
}

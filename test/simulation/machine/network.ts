// Connections between processes. Bytes arrive in order, late, or not at all: a connection may be cut, so that both ends
// learn of it; or half open, so that what one end says vanishes and nobody is told. What is under way when a process
// dies may still arrive.

import type { Random } from "./random.js";
import type { Process, Scheduler } from "./scheduler.js";

export interface End {
  readonly process: Process;
  message(bytes: Uint8Array): void;
  /** The connection is gone, as this end sees it. */
  closed(error: Error): void;
}

export interface Channel {
  send(bytes: Uint8Array): void;
  /** The other end is told, if that is possible. */
  close(): void;
}

type Listener = (channel: Channel, from: Process) => Omit<End, "process">;

interface Side {
  readonly process: Process;
  end: End | undefined;
  arrivesAt: number;
  /** What this side says vanishes. */
  mute: boolean;
  told: boolean;
}

export class Network {
  /** Mean, one way. */
  latencyMs = 0.3;
  messages = 0;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #listeners = new Map<string, { process: Process; accept: Listener }>();
  #links: Link[] = [];

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  delay(): number {
    return 0.05 + this.#random.about(this.latencyMs);
  }

  listen(address: string, process: Process, accept: Listener): void {
    this.#listeners.set(address, { process, accept });
  }

  /** Opens a connection: `opened` gives this end, or `failed` is told. */
  connect(
    address: string,
    process: Process,
    opened: (channel: Channel) => Omit<End, "process">,
    failed: (error: Error) => void,
  ): void {
    this.#scheduler.after(this.delay(), process, () => {
      const listener = this.#listeners.get(address);
      if (listener?.process.alive !== true) {
        failed(new Error("connection refused (simulated)"));
        return;
      }
      const link = new Link(this.#scheduler, this, process, listener.process);
      this.#links = this.#links.filter((each) => each.open);
      this.#links.push(link);
      // What is said at once arrives at who has accepted.
      const acceptedAt = this.#scheduler.nowMs + this.delay();
      this.#scheduler.at(acceptedAt, listener.process, () => {
        link.attach(1, listener.accept(link.channel(1), process));
      });
      link.arrivesNotBefore(acceptedAt);
      link.attach(0, opened(link.channel(0)));
    });
  }

  /** One of the open connections. */
  pick(): Link | undefined {
    const open = this.#links.filter((each) => each.open);
    return open.length === 0 ? undefined : this.#random.pick(open);
  }

  /** The process has died: what it had open is gone, and whoever is at the other end learns of it. */
  died(process: Process): void {
    for (const link of this.#links) link.lost(process, this.#random.chance(0.1));
  }
}

export class Link {
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #sides: readonly [Side, Side];
  #cut = false;

  constructor(scheduler: Scheduler, network: Network, one: Process, other: Process) {
    this.#scheduler = scheduler;
    this.#network = network;
    const side = (process: Process): Side => ({
      process,
      end: undefined,
      arrivesAt: 0,
      mute: false,
      told: false,
    });
    this.#sides = [side(one), side(other)];
  }

  get open(): boolean {
    return !this.#cut && this.#sides.some(({ process, told }) => process.alive && !told);
  }

  attach(index: 0 | 1, end: Omit<End, "process">): void {
    const side = this.#sides[index];
    side.end = {
      process: side.process,
      message: (bytes) => {
        end.message(bytes);
      },
      closed: (error) => {
        end.closed(error);
      },
    };
  }

  channel(index: 0 | 1): Channel {
    return {
      send: (bytes) => {
        this.#send(index, bytes);
      },
      close: () => {
        this.#sides[index].told = true;
        this.#tell(index === 0 ? 1 : 0, new Error("the other end closed (simulated)"));
      },
    };
  }

  /** What the end that opens it says. */
  arrivesNotBefore(atMs: number): void {
    this.#sides[0].arrivesAt = atMs;
  }

  /** Both ends learn of it, each in its time. */
  cut(): void {
    this.#cut = true;
    for (const index of [0, 1] as const) this.#tell(index, new Error("connection cut (simulated)"));
  }

  /** What is said from now on vanishes: in one direction, or in both. */
  halfOpen(which: 0 | 1 | "both"): void {
    for (const index of [0, 1] as const) {
      if (which === index || which === "both") this.#sides[index].mute = true;
    }
  }

  lost(process: Process, silently: boolean): void {
    for (const index of [0, 1] as const) {
      if (this.#sides[index].process !== process) continue;
      if (!silently) this.#tell(index === 0 ? 1 : 0, new Error("connection reset (simulated)"));
    }
  }

  #send(index: 0 | 1, bytes: Uint8Array): void {
    const from = this.#sides[index];
    const to = this.#sides[index === 0 ? 1 : 0];
    if (from.told || from.mute || this.#cut || !from.process.alive) return;
    from.arrivesAt = Math.max(from.arrivesAt, this.#scheduler.nowMs + this.#network.delay());
    this.#network.messages++;
    this.#scheduler.at(from.arrivesAt, to.process, () => {
      if (to.told || this.#cut) return;
      this.#scheduler.note(bytes);
      to.end?.message(bytes);
    });
  }

  #tell(index: 0 | 1, error: Error): void {
    const side = this.#sides[index];
    const other = this.#sides[index === 0 ? 1 : 0];
    if (other.mute && !this.#cut) return;
    const at = Math.max(other.arrivesAt, this.#scheduler.nowMs + this.#network.delay());
    this.#scheduler.at(at, side.process, () => {
      if (side.told) return;
      side.told = true;
      side.end?.closed(error);
    });
  }
}

// A peer that is silent is asked, as HTTP/2's ping does, and given up: an empty message is the ping, and its answer.

import type { Channel } from "./network.js";
import type { Scheduler } from "./scheduler.js";

const silenceMsMax = 20_000;

export class Silence {
  readonly #scheduler: Scheduler;
  readonly #timer: NodeJS.Timeout;
  #heardAt: number;

  /** @param channel  undefined until the connection is open */
  constructor(
    scheduler: Scheduler,
    channel: () => Channel | undefined,
    over: (error: Error) => void,
  ) {
    this.#scheduler = scheduler;
    this.#heardAt = scheduler.nowMs;
    this.#timer = setInterval(() => {
      const silentMs = scheduler.nowMs - this.#heardAt;
      if (silentMs > silenceMsMax) over(new Error("the peer is silent (simulated)"));
      else if (silentMs > silenceMsMax / 2) channel()?.send(new Uint8Array());
    }, 1_000);
  }

  heard(): void {
    this.#heardAt = this.#scheduler.nowMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

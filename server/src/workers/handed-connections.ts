// The connections of a port that another process listens on, which hands them over one by one.

import type { Socket } from "node:net";
import type { ConnectionSource, PortAddress } from "../http/listener.js";

export class HandedConnections implements ConnectionSource {
  readonly #address: PortAddress;
  readonly #open = new Set<Socket>();
  #take: ((socket: Socket) => void) | undefined;
  #allClosed = (): void => undefined;

  /** @param address  where they were listened for */
  constructor(address: PortAddress) {
    this.#address = address;
  }

  /** One that was handed over, of which nothing has been read. */
  add(socket: Socket): void {
    if (this.#take === undefined) {
      socket.destroy();
      return;
    }
    // As the listener makes its own.
    socket.allowHalfOpen = true;
    this.#open.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      if (this.#take === undefined && this.#open.size === 0) this.#allClosed();
    });
    this.#take(socket);
  }

  open(take: (socket: Socket) => void): Promise<PortAddress> {
    this.#take = take;
    return Promise.resolve(this.#address);
  }

  close(): Promise<void> {
    this.#take = undefined;
    return new Promise((resolve) => {
      this.#allClosed = resolve;
      if (this.#open.size === 0) resolve();
    });
  }
}

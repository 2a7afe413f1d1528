// How workers find one another: each listens on a socket in a directory that only their user can enter, and when all do,
// each asks those with lower numbers.

import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { Link } from "./link.js";
import type { PeerLink, PeerMethods } from "./peer.js";

export interface MeetingOptions {
  readonly directory: string;
  readonly worker: number;
  readonly workers: number;
  /** Where the links to all others are put, by their numbers. */
  readonly links: Map<number, PeerLink>;
  /** What this worker serves: made for each link. */
  readonly methods: () => Promise<PeerMethods>;
}

export class Meeting {
  readonly #options: MeetingOptions;
  readonly #complete: Promise<void>;
  #isComplete = (): void => undefined;
  readonly #server: Server;

  constructor(options: MeetingOptions) {
    this.#options = options;
    this.#complete = new Promise((resolve) => (this.#isComplete = resolve));
    this.#server = createServer((socket) => {
      this.#greet(socket);
    });
  }

  /** Resolves when this worker can be found. */
  async listen(): Promise<void> {
    const { directory, worker, workers } = this.#options;
    if (workers === 1) return;
    this.#server.listen(addressOf(directory, worker));
    await once(this.#server, "listening");
  }

  /** Resolves when there is a link to each of the others. All must have listened before. */
  async dial(): Promise<void> {
    const { directory, worker, workers } = this.#options;
    if (workers === 1) return;
    for (let other = 0; other < worker; other++) {
      const socket = createConnection(addressOf(directory, other));
      await once(socket, "connect");
      socket.write(Buffer.of(worker));
      this.#add(other, socket);
    }
    await this.#complete;
  }

  close(): void {
    this.#server.close();
    for (const link of this.#options.links.values()) link.close();
  }

  /** The first byte says who it is. */
  #greet(socket: Socket): void {
    socket.on("error", () => undefined);
    const look = (): void => {
      const [other] = (socket.read(1) as Buffer | null) ?? [];
      if (other === undefined) return;
      socket.off("readable", look);
      this.#add(other, socket);
    };
    socket.on("readable", look);
  }

  #add(other: number, socket: Socket): void {
    const { links, workers, methods } = this.#options;
    links.set(other, new Link(socket, methods()));
    if (links.size === workers - 1) this.#isComplete();
  }
}

function addressOf(directory: string, worker: number): string {
  if (process.platform !== "win32") return join(directory, String(worker));
  return `\\\\.\\pipe\\${directory.replace(/[^0-9A-Za-z]/g, "-")}-${String(worker)}`;
}

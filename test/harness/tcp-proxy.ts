// A TCP proxy that breaks what goes through it, as networks do: connections are cut, bytes are swallowed without a word, in
// one direction or in both, or come late or slowly. What was swallowed never comes: connections of that time stay dead.

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Up is from whoever connects to whoever listens. */
export type Direction = "up" | "down";

export interface Slowness {
  /** Each piece comes that much later. */
  readonly delayMs: number;
  /** And in pieces of this size. */
  readonly pieceBytes: number;
}

interface Pair {
  readonly from: Socket;
  readonly to: Socket;
  readonly swallowed: Set<Direction>;
}

export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #swallowing: readonly Direction[] = [];
  #isCut = false;
  #slowness: Slowness | undefined;

  #ports: readonly number[];
  #next = 0;

  private constructor(urls: readonly string[]) {
    this.#ports = urls.map(portOf);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (from) => {
      if (this.#isCut) from.resetAndDestroy();
      else this.#join(from, this.#ports[this.#next++ % this.#ports.length] ?? 0);
    });
  }

  /** @param urls  of those who listen, on this machine: connections go to them in turn */
  static async open(...urls: readonly string[]): Promise<TcpProxy> {
    const proxy = new TcpProxy(urls);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** New connections go to these. */
  aim(...urls: readonly string[]): void {
    this.#ports = urls.map(portOf);
  }

  /** Resets all connections, and those that are tried. */
  cut(): void {
    this.#isCut = true;
    for (const { from, to } of this.#pairs) {
      from.resetAndDestroy();
      to.resetAndDestroy();
    }
  }

  /** From now on bytes and ends of these directions vanish, of all connections. Nobody is told. */
  swallow(...directions: readonly Direction[]): void {
    this.#swallowing = directions;
    for (const pair of this.#pairs) for (const one of directions) pair.swallowed.add(one);
  }

  slowDown(slowness: Slowness): void {
    this.#slowness = slowness;
  }

  /** New connections are as they should be. */
  mend(): void {
    this.#isCut = false;
    this.#swallowing = [];
    this.#slowness = undefined;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { from, to } of this.#pairs) {
      from.destroy();
      to.destroy();
    }
    await closed;
  }

  #join(from: Socket, port: number): void {
    const to = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const pair: Pair = { from, to, swallowed: new Set(this.#swallowing) };
    this.#pairs.add(pair);
    this.#carry(pair, "up", from, to);
    this.#carry(pair, "down", to, from);
  }

  #carry(pair: Pair, direction: Direction, source: Socket, sink: Socket): void {
    let last = Promise.resolve();
    /** What comes behind something that is late comes behind it. */
    const inTurn = (act: () => void): void => {
      if (this.#slowness === undefined && !this.#isLate.has(pair)) return act();
      this.#isLate.add(pair);
      const { delayMs } = this.#slowness ?? { delayMs: 0 };
      last = last.then(async () => {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        act();
      });
    };
    const isSwallowed = (): boolean => pair.swallowed.has(direction);
    source.on("data", (bytes: Buffer) => {
      if (isSwallowed()) return;
      for (const piece of this.#piecesOf(bytes)) inTurn(() => sink.writable && sink.write(piece));
    });
    source.on("end", () => {
      if (!isSwallowed()) inTurn(() => sink.end());
    });
    source.on("error", () => undefined);
    source.on("close", () => {
      // Whoever is beyond a broken line does not learn that the other is gone.
      if (!isSwallowed()) inTurn(() => sink.destroy());
      if (pair.from.destroyed && pair.to.destroyed) this.#pairs.delete(pair);
    });
  }

  readonly #isLate = new WeakSet<Pair>();

  #piecesOf(bytes: Buffer): Buffer[] {
    const size = this.#slowness?.pieceBytes ?? bytes.length;
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    return pieces;
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

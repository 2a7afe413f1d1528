// How services and tests talk to each other: a service asks to pass a named gate (see
// services/gates.ts), the test learns of it, and lets it pass or keeps it waiting. Passing an open gate is
// how a service reports that something happened, so the counts are counts of executions.

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { within } from "./until.js";

interface Waiter {
  readonly name: string;
  readonly count: number;
  readonly resolve: () => void;
}

const reachedTimeoutMs = 20_000;

export class Gates {
  readonly #server: Server;
  readonly #counts = new Map<string, number>();
  readonly #notes: { name: string; note: string }[] = [];
  readonly #held = new Map<string, Set<ServerResponse>>();
  readonly #closed = new Set<string>();
  #waiters: Waiter[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://gate");
      const name = decodeURIComponent(pathname.slice(1));
      this.#arrived(name, searchParams.get("note") ?? "", response);
    });
  }

  static async open(): Promise<Gates> {
    const gates = new Gates();
    await new Promise<void>((resolve) => gates.#server.listen(0, "127.0.0.1", resolve));
    return gates;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Keeps those that arrive from now on waiting. Gates are open unless shut. */
  shut(name: string): void {
    this.#closed.add(name);
  }

  /** Lets those that wait pass, and all that come. */
  open(name: string): void {
    this.#closed.delete(name);
    for (const response of this.#held.get(name) ?? []) response.end();
    this.#held.delete(name);
  }

  /** How often the gate was asked for. */
  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** What was said at a gate, in the order of arrival. */
  notes(name: string): string[] {
    return this.#notes.filter((one) => one.name === name).map(({ note }) => note);
  }

  /** Resolves when the gate was asked for `count` times in all. */
  async reached(name: string, count = 1): Promise<void> {
    if (this.count(name) >= count) return;
    const reached = new Promise<void>((resolve) => this.#waiters.push({ name, count, resolve }));
    const what = (): string =>
      `gate ${name} was reached ${this.count(name)} of ${count} times; all: ${JSON.stringify([...this.#counts])}`;
    await within(reachedTimeoutMs, what, reached);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #arrived(name: string, note: string, response: ServerResponse): void {
    this.#counts.set(name, this.count(name) + 1);
    this.#notes.push({ name, note });
    if (this.#closed.has(name)) {
      const held = this.#held.get(name) ?? new Set();
      this.#held.set(name, held.add(response));
      response.on("close", () => held.delete(response));
    } else {
      response.end();
    }
    const isDue = (waiter: Waiter): boolean => this.count(waiter.name) >= waiter.count;
    const due = this.#waiters.filter(isDue);
    this.#waiters = this.#waiters.filter((waiter) => !isDue(waiter));
    for (const waiter of due) waiter.resolve();
  }
}

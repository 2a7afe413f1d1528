// The closed loop: N clients, each with one connection and one request in flight; a client sends its
// next request as soon as the last one is answered. Hence no queue builds up outside the system, and
// a stall slows the clients instead of being counted for each request that would have come (README).
//   L1. Each iteration that was begun ends as completed, error, wrong or unfinished, exactly once.
//   L2. An error or a wrong answer ends the iteration; its latency is not recorded.
import { performance } from "node:perf_hooks";
import type { Iteration } from "../workloads/workload.js";
import { Connection } from "./connection.js";

export interface LoopOptions {
  /** Port on 127.0.0.1. */
  readonly port: number;
  readonly clients: number;
  /** The next iteration for whichever client is free; undefined when there is none left. */
  readonly next: () => Iteration | undefined;
  /** After this long without an answer a request is an error and its connection is replaced. */
  readonly requestTimeoutMs: number;
}

/** Counts since the loop began. */
export interface LoopTotals {
  completed: number;
  errors: number;
  wrong: number;
  /** Iterations that were cut off when the loop gave up waiting for them. */
  unfinished: number;
  /** The first few things that went wrong, for people. */
  readonly complaints: string[];
}

interface Client {
  connection: Connection;
  iteration: Iteration | undefined;
  position: number;
  iterationStartedAtMs: number;
  requestSentAtMs: number;
}

const complaintCountMax = 3;
const pauseAfterErrorMs = 20;
const timeoutCheckIntervalMs = 250;

export class ClosedLoop {
  readonly totals: LoopTotals = {
    completed: 0,
    errors: 0,
    wrong: 0,
    unfinished: 0,
    complaints: [],
  };
  /** Resolves when no client has anything in flight or left to do. */
  readonly finished: Promise<void>;

  readonly #options: LoopOptions;
  readonly #clients = new Set<Client>();
  readonly #timeoutCheck: NodeJS.Timeout;
  #finish: () => void = () => undefined;
  #latenciesMs: number[] = [];
  #stopping = false;

  /** Connects all clients and lets them begin. */
  constructor(options: LoopOptions) {
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    for (let i = 0; i < options.clients; i++) this.#addClient();
    this.#timeoutCheck = setInterval(() => this.#checkTimeouts(), timeoutCheckIntervalMs);
  }

  /** The latencies of the iterations completed since the last call (or the start), in milliseconds. */
  takeLatencies(): number[] {
    const latencies = this.#latenciesMs;
    this.#latenciesMs = [];
    return latencies;
  }

  /** Begin no more iterations; cut off what has not ended `patienceMs` later. */
  async stop(patienceMs: number): Promise<void> {
    this.#stopping = true;
    const giveUp = setTimeout(() => this.#cutOff(), patienceMs);
    await this.finished;
    clearTimeout(giveUp);
  }

  #addClient(): void {
    const client: Client = {
      connection: this.#connect(() => client),
      iteration: undefined,
      position: 0,
      iterationStartedAtMs: 0,
      requestSentAtMs: 0,
    };
    this.#clients.add(client);
    // Not at once: the constructor must have returned before the first answer can come.
    setImmediate(() => this.#begin(client));
  }

  #connect(owner: () => Client): Connection {
    return new Connection(this.#options.port, {
      response: (status, body) => this.#answered(owner(), status, body),
      broken: (reason) => this.#broken(owner(), reason),
    });
  }

  #begin(client: Client): void {
    if (!this.#clients.has(client)) return;
    client.iteration = this.#stopping ? undefined : this.#options.next();
    if (client.iteration === undefined) {
      this.#remove(client);
      return;
    }
    client.position = 0;
    client.iterationStartedAtMs = performance.now();
    this.#send(client, client.iterationStartedAtMs);
  }

  #send(client: Client, nowMs: number): void {
    client.requestSentAtMs = nowMs;
    client.connection.send(client.iteration![client.position]!.request);
  }

  #answered(client: Client, status: number, body: string): void {
    const exchange = client.iteration?.[client.position];
    if (exchange === undefined) return;
    if (!exchange.isRight(status, body)) {
      // A status that says "failed" is an error; a success with another content is a wrong answer.
      const isError = status >= 400;
      this.totals[isError ? "errors" : "wrong"] += 1;
      this.#complain(`${firstLine(exchange.request)} answered ${status} ${body.slice(0, 200)}`);
      this.#beginLater(client);
      return;
    }
    const nowMs = performance.now();
    client.position += 1;
    if (client.position < client.iteration!.length) {
      this.#send(client, nowMs);
      return;
    }
    this.totals.completed += 1;
    this.#latenciesMs.push(nowMs - client.iterationStartedAtMs);
    this.#begin(client);
  }

  #broken(client: Client, reason: string): void {
    if (!this.#clients.has(client)) return;
    client.connection = this.#connect(() => client);
    const exchange = client.iteration?.[client.position];
    if (exchange === undefined) return;
    this.totals.errors += 1;
    this.#complain(`${firstLine(exchange.request)} failed: ${reason}`);
    this.#beginLater(client);
  }

  #beginLater(client: Client): void {
    client.iteration = undefined;
    setTimeout(() => this.#begin(client), pauseAfterErrorMs);
  }

  #checkTimeouts(): void {
    const sentBeforeMs = performance.now() - this.#options.requestTimeoutMs;
    for (const client of this.#clients) {
      if (client.iteration === undefined || client.requestSentAtMs > sentBeforeMs) continue;
      client.connection.close();
      this.#broken(client, `no answer within ${this.#options.requestTimeoutMs} ms`);
    }
  }

  #cutOff(): void {
    for (const client of this.#clients) {
      if (client.iteration !== undefined) this.totals.unfinished += 1;
      this.#remove(client);
    }
  }

  #remove(client: Client): void {
    client.connection.close();
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timeoutCheck);
    this.#finish();
  }

  #complain(text: string): void {
    if (this.totals.complaints.length < complaintCountMax) this.totals.complaints.push(text);
  }
}

function firstLine(request: string): string {
  return request.slice(0, request.indexOf(" HTTP/1.1"));
}

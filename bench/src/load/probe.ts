// A plain call every few milliseconds, whatever the one before it does (an open loop), to see what other work does to it. A
// latency counts from the moment when the call was due, so that one stall is felt by all that would have come in it.
import { performance } from "node:perf_hooks";
import { answers, post } from "../workloads/workload.js";
import { Connection } from "./connection.js";
import { percentilesOf } from "./percentiles.js";
import type { Percentiles } from "./percentiles.js";

export interface ProbeResult {
  readonly calls: number;
  /** Calls that failed, or were answered wrongly. */
  readonly errors: number;
  readonly latencyMs: Percentiles;
}

/** Open before they are wanted, so that opening them is no part of what is measured. */
const connectionsAtStart = 20;
const request = post("/Greeter/greet", "you");
const isRight = answers("Hello you");

export class Probe {
  readonly #port: number;
  readonly #gapMs: number;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #dueAt = new Map<Connection, number>();
  #latenciesMs: number[] = [];
  #errors = 0;
  #nextDueAt: number;
  readonly #timer: NodeJS.Timeout;

  constructor(port: number, gapMs: number) {
    this.#port = port;
    this.#gapMs = gapMs;
    for (let number = 0; number < connectionsAtStart; number++) this.#idle.push(this.#connect());
    this.#nextDueAt = performance.now() + gapMs;
    this.#timer = setInterval(() => {
      this.#sendDue();
    }, 1);
  }

  /** What was answered since the last time, or since the start. */
  take(): ProbeResult {
    const result = {
      calls: this.#latenciesMs.length,
      errors: this.#errors,
      latencyMs: percentilesOf(this.#latenciesMs),
    };
    this.#latenciesMs = [];
    this.#errors = 0;
    return result;
  }

  /** What is under way is cut off. */
  stop(): void {
    clearInterval(this.#timer);
    for (const connection of this.#all) connection.close();
  }

  #sendDue(): void {
    for (
      const nowMs = performance.now();
      this.#nextDueAt <= nowMs;
      this.#nextDueAt += this.#gapMs
    ) {
      const connection = this.#idle.pop() ?? this.#connect();
      this.#dueAt.set(connection, this.#nextDueAt);
      connection.send(request);
    }
  }

  #connect(): Connection {
    const connection: Connection = new Connection(this.#port, {
      response: (status, body) => {
        if (isRight(status, body)) {
          this.#latenciesMs.push(performance.now() - this.#dueAt.get(connection)!);
        } else this.#errors++;
        this.#dueAt.delete(connection);
        this.#idle.push(connection);
      },
      broken: () => {
        if (this.#dueAt.delete(connection)) this.#errors++;
        else this.#idle.splice(this.#idle.indexOf(connection), 1);
        this.#all.delete(connection);
      },
    });
    this.#all.add(connection);
    return connection;
  }
}

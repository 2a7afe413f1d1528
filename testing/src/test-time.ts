// Time by hand. The clock of the server is moved from one due timer to the next, and after each the services get
// the chance to react: a handler that sleeps in a loop runs as often as it would have in all that time.

import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { millisOf, type Duration } from "@perdure/protocol/duration";
import type { Server } from "@perdure/server";
import { TestingError, TestingErrorCode } from "./errors.js";
import type { Requests } from "./requests.js";
import type { TestClock } from "./test-clock.js";

export interface AdvanceOptions {
  /**
   * How long, in real time, handlers and steps that are at work may take before the clock goes on without them.
   * Default 2 seconds, for all of one call together.
   */
  readonly settle?: Duration;
}

const settleMs = 2_000;
/** Turns of the event loop without work after which the services are taken to be quiet. */
const quietTurns = 4;
/** Turns that are waited for without a pause: most reactions take fewer. */
const eagerTurns = 200;

export class TestTime {
  readonly #clock: TestClock;
  readonly #server: Pick<Server, "activity" | "settled">;
  readonly #requests: Pick<Requests, "onTheWay">;
  #moving: Promise<void> = Promise.resolve();

  constructor(
    clock: TestClock,
    server: Pick<Server, "activity" | "settled">,
    requests: Pick<Requests, "onTheWay">,
  ) {
    this.#clock = clock;
    this.#server = server;
    this.#requests = requests;
  }

  /** The server's time, in epoch milliseconds. */
  now(): number {
    return this.#clock.now();
  }

  /**
   * Lets time pass: sleeps, delayed sends, retries and retention come to their end one after the other, in order.
   * @returns when all that became due has happened and is durable, and the handlers that it woke wait again
   * @throws TestingError  PDR5403: no time span
   */
  async advance(duration: Duration, { settle = settleMs }: AdvanceOptions = {}): Promise<void> {
    const ms = millisOf(duration);
    if (!Number.isSafeInteger(ms) || ms < 0) {
      throw new TestingError(
        TestingErrorCode.badArgument,
        `time can't be advanced by ${JSON.stringify(duration)}: expected a duration of zero or more`,
      );
    }
    const moving = this.#moving.then(() => this.#advance(ms, millisOf(settle)));
    this.#moving = moving.catch(() => undefined);
    await moving;
  }

  /**
   * Waits until no handler or step is at work: each has ended, or waits for time to pass or something to happen.
   * @param within  gives up then, in real time. Default 2 seconds
   */
  async settled(within: Duration = settleMs): Promise<void> {
    await this.#settle(performance.now() + millisOf(within));
  }

  async #advance(ms: number, settle: number): Promise<void> {
    let patienceMs = settle;
    const react = async (): Promise<void> => {
      const began = performance.now();
      await this.#settle(began + patienceMs);
      if (this.#busy) patienceMs -= performance.now() - began;
    };
    // Work takes no time from here on: what sleeps again at a due time sleeps from that time.
    this.#clock.stop();
    try {
      const until = this.#clock.now() + ms;
      await react();
      for (;;) {
        const { nextTimerAt } = this.#server.activity();
        if (nextTimerAt > until) break;
        this.#clock.moveTo(Math.ceil(nextTimerAt));
        await react();
      }
      this.#clock.moveTo(until);
      await react();
    } finally {
      this.#clock.start();
    }
  }

  get #busy(): boolean {
    return this.#requests.onTheWay || this.#server.activity().busy;
  }

  async #settle(deadlineMs: number): Promise<void> {
    for (let turn = 0, quiet = 0; quiet < quietTurns; turn++) {
      await (turn < eagerTurns ? nextTurn() : delay(1));
      await this.#server.settled();
      quiet = this.#busy ? 0 : quiet + 1;
      if (quiet === 0 && performance.now() >= deadlineMs) return;
    }
  }
}

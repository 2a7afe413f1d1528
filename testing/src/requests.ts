// The requests of an environment's client. One that was sent may still be on its way to the server when the
// test moves the clock: an invocation that the test believes to be asleep would then begin its sleep after the
// move. So what is sent is counted, and what the ingress has read to its end.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import type { Fetch } from "@perdure/clients";
import { TestingError, TestingErrorCode } from "./errors.js";

/** Published by Node for each HTTP/1.1 request that any server of this process takes. */
const requestStart = "http.server.request.start";

export class Requests {
  readonly #port: number;
  /** Of those that were sent and not answered. One signal for all would gather listeners for as long as it lives. */
  readonly #open = new Set<AbortController>();
  #stopped: TestingError | undefined;
  /** Of those, the ones that were not read to their end. */
  #onTheWay = 0;

  /** @param ingressUrl  of the server of this process that they go to */
  constructor(ingressUrl: string) {
    this.#port = Number(new URL(ingressUrl).port);
    subscribe(requestStart, this.#started);
  }

  /** Whether one was sent and has not come in. */
  get onTheWay(): boolean {
    return this.#onTheWay > 0;
  }

  /** As the global fetch; what waits for an answer fails when the environment stops. */
  readonly fetch: Fetch = async (url, init) => {
    if (this.#stopped !== undefined) throw this.#stopped;
    const own = new AbortController();
    const signal = init.signal ? AbortSignal.any([own.signal, init.signal]) : own.signal;
    this.#open.add(own);
    this.#onTheWay++;
    try {
      return await globalThis.fetch(url, { ...init, signal });
    } finally {
      this.#open.delete(own);
      // One that failed before it came in must not be waited for.
      this.#onTheWay = Math.min(this.#onTheWay, this.#open.size);
    }
  };

  /** @param why  what requests fail with from now on, those that wait too */
  stop(why: TestingError = stoppedError()): void {
    unsubscribe(requestStart, this.#started);
    this.#stopped ??= why;
    for (const controller of this.#open) controller.abort(this.#stopped);
  }

  readonly #started = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage };
    if (request.socket.localPort !== this.#port) return;
    const read = (): void => {
      request.off("end", read).off("close", read);
      if (this.#onTheWay > 0) this.#onTheWay--;
    };
    request.on("end", read).on("close", read);
  };
}

function stoppedError(): TestingError {
  return new TestingError(
    TestingErrorCode.stopped,
    "the test environment is stopped, and with it what was under way. Await every result before env.stop()",
  );
}

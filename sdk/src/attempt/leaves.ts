// Leaves of promise trees: a completion, a step, a signal.

import type { Awaiting, Completion, Signal } from "@perdure/proto/protocol/v1/journal";
import { DurablePromiseNode, type PromiseHost, type Settled } from "../futures/durable-promise.js";

export type CompletionResult = Completion["result"];
export type SignalResult = Signal["result"];

/** Turns a recorded result into what the code gets. May throw: a value can't be read. */
export type Reader<T> = (result: CompletionResult) => Settled<T>;

/** Settles when the command with this completion id is answered. */
export class CompletionPromise<T> extends DurablePromiseNode<T> {
  readonly completionId: number;
  readonly #read: Reader<T>;

  constructor(host: PromiseHost, completionId: number, read: Reader<T>) {
    super(host);
    this.completionId = completionId;
    this.#read = read;
  }

  override start(): void {
    // The server is at work on it already.
  }

  override addTo(tree: Awaiting): void {
    tree.completionIds.push(this.completionId);
  }

  complete(result: CompletionResult): void {
    try {
      this.settle(this.#read(result));
    } catch (error) {
      this.host.fail(error);
    }
  }
}

/** A step: settles when its result is recorded. Its closure runs when it is awaited. */
export class RunPromise<T> extends CompletionPromise<T> {
  readonly #execute: () => void;
  #started = false;

  constructor(host: PromiseHost, completionId: number, read: Reader<T>, execute: () => void) {
    super(host, completionId, read);
    this.#execute = execute;
  }

  override start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#execute();
  }
}

/** Settles when the signal comes: an awakeable's resolution. */
export class SignalPromise<T> extends DurablePromiseNode<T> {
  readonly signalId: number;
  readonly #read: Reader<T>;

  constructor(host: PromiseHost, signalId: number, read: Reader<T>) {
    super(host);
    this.signalId = signalId;
    this.#read = read;
  }

  override start(): void {
    // It comes from outside.
  }

  override addTo(tree: Awaiting): void {
    tree.signalIds.push(this.signalId);
  }

  complete(result: SignalResult): void {
    try {
      this.settle(this.#read(result));
    } catch (error) {
      this.host.fail(error);
    }
  }
}

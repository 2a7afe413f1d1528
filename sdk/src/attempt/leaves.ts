// Leaves of promise trees: a completion, a step, a signal.

import type { Awaiting, Completion, Entry, Signal } from "@perdure/proto/protocol/v1/journal";
import { DurablePromiseNode, type PromiseHost, type Settled } from "../futures/durable-promise.js";
import type { SignalKey, Signals } from "./signals.js";

export type CompletionResult = Completion["result"];
export type SignalResult = Signal["result"];

/** A command as failures name it. */
export interface CommandRef {
  readonly index: number;
  readonly entry: Entry;
}

/** The promises of commands remember which one they are about: what can't be read is told of it. */
interface CommandHost extends PromiseHost {
  readonly lastCommand: CommandRef | undefined;
  fail(error: unknown, about?: { readonly command?: CommandRef | undefined }): void;
}

/** Turns a recorded result into what the code gets. May throw: a value can't be read. */
export type Reader<T> = (result: CompletionResult) => Settled<T>;

/** Settles when the command with this completion id is answered. */
export class CompletionPromise<T> extends DurablePromiseNode<T> {
  readonly completionId: number;
  readonly #read: Reader<T>;
  readonly #commands: CommandHost;
  readonly #command: CommandRef | undefined;

  /** To be made right after its command. */
  constructor(host: CommandHost, completionId: number, read: Reader<T>) {
    super(host);
    this.#commands = host;
    this.#command = host.lastCommand;
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
      this.#commands.fail(error, { command: this.#command });
    }
  }
}

/** A step: settles when its result is recorded. Its closure runs when it is awaited. */
export class RunPromise<T> extends CompletionPromise<T> {
  readonly #execute: () => void;
  #started = false;

  constructor(host: CommandHost, completionId: number, read: Reader<T>, execute: () => void) {
    super(host, completionId, read);
    this.#execute = execute;
  }

  override start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#execute();
  }
}

interface SignalHost extends PromiseHost {
  readonly signals: Signals;
}

/** Settles when its signal comes: an awakeable's resolution, a named signal, the request to cancel. */
export class SignalPromise<T> extends DurablePromiseNode<T> {
  readonly key: SignalKey;
  /** Among all promises of signals. */
  readonly place: number;
  readonly #signals: Signals;
  readonly #read: Reader<T>;

  constructor(host: SignalHost, key: SignalKey, read: Reader<T>) {
    super(host);
    this.key = key;
    this.place = host.signals.nextPlace();
    this.#signals = host.signals;
    this.#read = read;
  }

  override look(): void {
    if (this.settled !== undefined) return;
    const kept = this.#signals.take(this.key);
    if (kept !== undefined) this.complete(kept);
  }

  override start(): void {
    // It comes from outside.
  }

  override addTo(tree: Awaiting): void {
    if (typeof this.key === "number") tree.signalIds.push(this.key);
    else tree.signalNames.push(this.key);
  }

  complete(result: SignalResult): void {
    try {
      this.settle(this.#read(result));
    } catch (error) {
      this.host.fail(error);
    }
  }
}

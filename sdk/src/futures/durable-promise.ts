// Durable promises: what contexts return. A promise is a node of a tree: a leaf (a completion, a signal), a
// combination of others, or a map over one. It settles when its leaves do, in journal order. Awaiting a node
// makes it a root: that starts the closures of the steps in it, and is what an attempt waits for.
//   D1. What nobody awaits does nothing: no closure runs, no mapper, and no combination is decided.
//   D2. Once awaited, a combination is decided by what has settled by then, in the order of its children; after that
//       in the order of events.

import type { Awaiting } from "@perdure/proto/protocol/v1/journal";
import type { Duration } from "@perdure/protocol/duration";
import { errorMessage } from "@perdure/protocol/error-message";
import { isTerminalError } from "../errors.js";

/** How a node ended. */
export type Settled<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "failure"; readonly error: Error };

/** What the promises of an attempt need from it. */
export interface PromiseHost {
  /** A node is awaited by the code. */
  awaited(node: DurablePromiseNode<unknown>): void;
  /** The attempt can't go on: a mapper threw, a value can't be read. */
  fail(error: unknown): void;
  /** A promise that settles after a time. */
  timeout<T>(node: DurablePromiseNode<T>, duration: Duration): DurablePromiseNode<T>;
}

/** Where in the tree of what an attempt waits for a node is. */
export interface Place {
  /** The tree of the attempt: it goes on when anything here has settled. */
  readonly top: Awaiting;
  /**
   * Whether it matters to a combination above how the node ends. The server knows only how leaves end. So a node that may
   * turn a success into a failure, or the reverse, is put at the top too: the attempt goes on, and looks for itself.
   */
  readonly outcomeMatters: boolean;
}

/** A promise whose result is recorded, so that it is the same whenever the handler is replayed. */
export interface DurablePromise<T> extends Promise<T> {
  /**
   * The same result, changed. The mapper runs once, when the promise (or a combination that holds it) is awaited; an error
   * that it throws and that is not terminal fails the attempt.
   */
  map<U>(mapper: (value?: T, failure?: Error) => U): DurablePromise<U>;
  /** Rejects with TimeoutError unless the promise settles in time. */
  orTimeout(duration: Duration): DurablePromise<T>;
}

/** Settles the native promise of a node. A method, so that a node of T is a node of unknown. */
interface Finisher<T> {
  finish(settled: Settled<T>): void;
}

export abstract class DurablePromiseNode<T> implements DurablePromise<T> {
  readonly [Symbol.toStringTag] = "DurablePromise";
  readonly host: PromiseHost;
  #settled: Settled<T> | undefined;
  #promise: Promise<T> | undefined;
  #finisher: Finisher<T> | undefined;
  #parents: (() => void)[] = [];

  constructor(host: PromiseHost) {
    this.host = host;
  }

  get settled(): Settled<T> | undefined {
    return this.#settled;
  }

  /** Settles the node where what it depends on has settled already. Begins nothing. May be called again. */
  look(): void {
    // A leaf settles by itself.
  }

  /** Begins what must run for the promise to settle, behind {@link look}. May be called again. */
  abstract start(): void;

  /** Adds what the node still waits for to a tree. */
  abstract addTo(tree: Awaiting, place: Place): void;

  /** The leaves that the node still waits for. */
  eachLeaf(visit: (leaf: DurablePromiseNode<unknown>) => void): void {
    visit(this as DurablePromiseNode<unknown>);
  }

  /** Called when a node that this one depends on has settled. */
  onSettled(parent: () => void): void {
    if (this.#settled === undefined) this.#parents.push(parent);
    else parent();
  }

  settle(settled: Settled<T>): void {
    if (this.#settled !== undefined) return;
    this.#settled = settled;
    const parents = this.#parents;
    this.#parents = [];
    for (const parent of parents) parent();
    this.#finisher?.finish(settled);
  }

  /** Rejects whoever awaits it, without settling the node: the attempt was cancelled. */
  interrupt(error: Error): void {
    const finisher = this.#finisher;
    this.#promise = undefined;
    this.#finisher = undefined;
    finisher?.finish({ kind: "failure", error });
  }

  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onFailure?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#await().then(onValue, onFailure);
  }

  catch<B = never>(onFailure?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onFailure);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#await().finally(onFinally);
  }

  map<U>(mapper: (value?: T, failure?: Error) => U): DurablePromise<U> {
    return new MappedPromise(this, mapper);
  }

  orTimeout(duration: Duration): DurablePromise<T> {
    return this.host.timeout(this, duration);
  }

  #await(): Promise<T> {
    if (this.#promise !== undefined) return this.#promise;
    this.#promise = new Promise<T>((resolve, reject) => {
      this.#finisher = {
        finish(settled): void {
          if (settled.kind === "value") resolve(settled.value);
          else reject(settled.error);
        },
      };
    });
    const promise = this.#promise;
    // What settles now has told the promise already.
    if (this.#settled !== undefined) this.#finisher?.finish(this.#settled);
    else this.look();
    if (this.#settled === undefined) this.start();
    if (this.#settled === undefined) this.host.awaited(this as DurablePromiseNode<unknown>);
    return promise;
  }
}

class MappedPromise<T, U> extends DurablePromiseNode<U> {
  readonly #source: DurablePromiseNode<T>;
  readonly #mapper: (value?: T, failure?: Error) => U;
  #mapped = false;
  #started = false;

  constructor(source: DurablePromiseNode<T>, mapper: (value?: T, failure?: Error) => U) {
    super(source.host);
    this.#source = source;
    this.#mapper = mapper;
  }

  override look(): void {
    this.#source.look();
    this.#map();
  }

  override start(): void {
    this.#source.start();
    if (this.#started) return;
    this.#started = true;
    this.#source.onSettled(() => {
      this.#map();
    });
  }

  override eachLeaf(visit: (leaf: DurablePromiseNode<unknown>) => void): void {
    this.#source.eachLeaf(visit);
  }

  override addTo(tree: Awaiting, place: Place): void {
    this.#source.addTo(tree, place);
    if (place.outcomeMatters) this.#source.addTo(place.top, { ...place, outcomeMatters: false });
  }

  #map(): void {
    const { settled } = this.#source;
    if (settled === undefined || this.#mapped) return;
    this.#mapped = true;
    const mapper = this.#mapper;
    try {
      const value =
        settled.kind === "value" ? mapper(settled.value) : mapper(undefined, settled.error);
      this.settle({ kind: "value", value });
    } catch (error) {
      if (isTerminalError(error)) this.settle({ kind: "failure", error });
      else this.host.fail(error);
    }
  }
}

export function isDurablePromise(value: unknown): value is DurablePromise<unknown> {
  return value instanceof DurablePromiseNode;
}

/** @throws TypeError  for anything but a durable promise: native promises settle in no recorded order */
export function nodeOf<T>(promise: PromiseLike<T>): DurablePromiseNode<T> {
  if (promise instanceof DurablePromiseNode) return promise as DurablePromiseNode<T>;
  throw new TypeError(
    `only durable promises of one context can be combined; ${errorMessage(promise)} is none (PDR2003)`,
  );
}

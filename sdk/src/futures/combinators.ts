// Combinations of durable promises. Which child wins is decided by the recorded order of notifications.
// Native Promise.race and its like must not be used on durable promises: their order is not recorded.

import {
  Awaiting_Combinator as Combinator,
  type Awaiting,
} from "@perdure/proto/protocol/v1/journal";
import { awaitingNothing } from "@perdure/protocol/messages";
import { TimeoutError } from "../errors.js";
import { currentHost } from "./current-host.js";
import {
  DurablePromiseNode,
  nodeOf,
  type DurablePromise,
  type Place,
  type PromiseHost,
  type Settled,
} from "./durable-promise.js";

type Results<P extends readonly PromiseLike<unknown>[]> = {
  -readonly [I in keyof P]: Awaited<P[I]>;
};
type SettledResults<P extends readonly PromiseLike<unknown>[]> = {
  -readonly [I in keyof P]: PromiseSettledResult<Awaited<P[I]>>;
};

/** Combines durable promises of one context. */
export interface Combinators {
  /** All values, in order; rejects with the first failure. */
  all<const P extends readonly DurablePromise<unknown>[]>(promises: P): DurablePromise<Results<P>>;
  /** The first that settles. */
  race<const P extends readonly DurablePromise<unknown>[]>(
    promises: P,
  ): DurablePromise<Results<P>[number]>;
  /** The first success; rejects with AggregateError when all have failed. */
  any<const P extends readonly DurablePromise<unknown>[]>(
    promises: P,
  ): DurablePromise<Results<P>[number]>;
  /** All outcomes, in order. */
  allSettled<const P extends readonly DurablePromise<unknown>[]>(
    promises: P,
  ): DurablePromise<SettledResults<P>>;
  /** A promise that has a value already. */
  resolve<T>(value: T): DurablePromise<Awaited<T>>;
  /** A promise that has failed already. */
  reject<T = never>(reason: Error): DurablePromise<T>;
}

type Decide = (children: readonly DurablePromiseNode<unknown>[]) => Settled<unknown> | undefined;
/** What a combination comes to, now that a child has settled; undefined where it is open. */
type Decision = (latest: DurablePromiseNode<unknown> | undefined) => Settled<unknown> | undefined;

class CombinedPromise extends DurablePromiseNode<unknown> {
  readonly #combinator: Combinator;
  readonly #children: readonly DurablePromiseNode<unknown>[];
  readonly #decide: Decision;
  readonly #noted = new Set<DurablePromiseNode<unknown>>();
  #started = false;

  constructor(
    combinator: Combinator,
    children: readonly DurablePromiseNode<unknown>[],
    decide: Decision,
  ) {
    super(hostOf(children));
    this.#combinator = combinator;
    this.#children = children;
    this.#decide = decide;
  }

  override look(): void {
    if (this.#children.length === 0) this.#note(undefined);
    for (const child of this.#children) {
      if (this.settled !== undefined) return;
      if (child.settled === undefined) child.look();
      if (child.settled !== undefined) this.#note(child);
    }
  }

  override start(): void {
    for (const child of this.#children) {
      if (child.settled === undefined) child.start();
    }
    if (this.#started) return;
    this.#started = true;
    for (const child of this.#children) {
      child.onSettled(() => {
        this.#note(child);
      });
    }
  }

  #note(child: DurablePromiseNode<unknown> | undefined): void {
    if (this.settled !== undefined) return;
    if (child !== undefined) {
      if (this.#noted.has(child)) return;
      this.#noted.add(child);
    }
    const settled = this.#decide(child);
    if (settled !== undefined) this.settle(settled);
  }

  override eachLeaf(visit: (leaf: DurablePromiseNode<unknown>) => void): void {
    for (const child of this.#children) {
      if (child.settled === undefined) child.eachLeaf(visit);
    }
  }

  override addTo(tree: Awaiting, { top, outcomeMatters }: Place): void {
    const nested = awaitingNothing(this.#combinator);
    const place = {
      top,
      outcomeMatters: outcomeOfChildrenMatters(this.#combinator, outcomeMatters),
    };
    for (const child of this.#children) {
      if (child.settled === undefined) child.addTo(nested, place);
    }
    tree.nested.push(nested);
  }
}

/** Whether a combination looks at how its children end, or hands that on to one that does. */
function outcomeOfChildrenMatters(combinator: Combinator, outcomeMatters: boolean): boolean {
  switch (combinator) {
    case Combinator.ALL_SUCCEEDED:
    case Combinator.FIRST_SUCCEEDED:
      return true;
    case Combinator.ALL_COMPLETED:
      return false;
    default:
      return outcomeMatters;
  }
}

/** A promise that fails when its timer is the first to settle. */
class TimeoutPromise extends CombinedPromise {
  override addTo(tree: Awaiting, place: Place): void {
    super.addTo(tree, place);
    if (place.outcomeMatters) super.addTo(place.top, { ...place, outcomeMatters: false });
  }
}

class SettledPromise<T> extends DurablePromiseNode<T> {
  constructor(settled: Settled<T>) {
    super(settledHost);
    this.settle(settled);
  }

  override start(): void {
    // It has settled.
  }

  override addTo(): void {
    // Nothing is waited for.
  }
}

/** Belongs to promises of no context: those that have settled, and combinations of nothing. */
const settledHost: PromiseHost = {
  awaited(node) {
    if (node.settled === undefined) currentHost()?.awaited(node);
  },
  fail: (error) => {
    const host = currentHost();
    if (host === undefined) throw error;
    host.fail(error);
  },
  timeout(node, duration) {
    if (node instanceof SettledPromise) return node;
    const host = currentHost();
    if (host !== undefined) return host.timeout(node, duration);
    throw new TypeError("a promise of no context can't time out outside of a handler (PDR2003)");
  },
};

/** The attempt that all children belong to, but for those that have settled from the start. */
function hostOf(children: readonly DurablePromiseNode<unknown>[]): PromiseHost {
  const hosts = new Set(children.map(({ host }) => host));
  hosts.delete(settledHost);
  const [host = settledHost, ...others] = hosts;
  if (others.length === 0) return host;
  throw new TypeError("only durable promises of one context can be combined (PDR2003)");
}

function combine(
  combinator: Combinator,
  promises: readonly PromiseLike<unknown>[],
  decide: Decide,
): DurablePromise<never> {
  const children = promises.map((promise) => nodeOf(promise));
  const ordered: DurablePromiseNode<unknown>[] = [];
  return new CombinedPromise(combinator, children, (latest) => {
    // Children that settled, in the order in which they did: the first of a race is the first here.
    if (latest !== undefined) ordered.push(latest);
    if (combinator === Combinator.FIRST_COMPLETED) return decide(ordered);
    return decide(children);
  }) as DurablePromise<unknown> as DurablePromise<never>;
}

const all: Decide = (children) => {
  const failed = children.find((child) => child.settled?.kind === "failure");
  if (failed !== undefined) return failed.settled;
  if (children.some((child) => child.settled === undefined)) return undefined;
  return { kind: "value", value: children.map((child) => valueOf(child)) };
};

const race: Decide = (children) => children[0]?.settled;

const any: Decide = (children) => {
  const succeeded = children.find((child) => child.settled?.kind === "value");
  if (succeeded !== undefined) return succeeded.settled;
  if (children.some((child) => child.settled === undefined)) return undefined;
  const errors = children.map((child) =>
    child.settled?.kind === "failure" ? child.settled.error : undefined,
  );
  return { kind: "failure", error: new AggregateError(errors, "All promises were rejected") };
};

const allSettled: Decide = (children) => {
  if (children.some((child) => child.settled === undefined)) return undefined;
  const outcomes = children.map(({ settled }) =>
    settled?.kind === "failure"
      ? { status: "rejected", reason: settled.error }
      : { status: "fulfilled", value: settled?.value },
  );
  return { kind: "value", value: outcomes };
};

function valueOf(node: DurablePromiseNode<unknown>): unknown {
  return node.settled?.kind === "value" ? node.settled.value : undefined;
}

export const combinators: Combinators = {
  all: (promises) => combine(Combinator.ALL_SUCCEEDED, promises, all),
  race: (promises) => combine(Combinator.FIRST_COMPLETED, promises, race),
  any: (promises) => combine(Combinator.FIRST_SUCCEEDED, promises, any),
  allSettled: (promises) => combine(Combinator.ALL_COMPLETED, promises, allSettled),
  resolve: <T>(value: T) =>
    new SettledPromise({ kind: "value", value }) as DurablePromiseNode<unknown> as DurablePromise<
      Awaited<T>
    >,
  reject: (error) => new SettledPromise({ kind: "failure", error }),
};

/** The promise, or TimeoutError once `timer` has settled before it. */
export function timeoutAfter<T>(
  node: DurablePromiseNode<T>,
  timer: DurablePromiseNode<void>,
): DurablePromiseNode<T> {
  const children = [node as DurablePromiseNode<unknown>, timer as DurablePromiseNode<unknown>];
  return new TimeoutPromise(Combinator.FIRST_COMPLETED, children, (latest) =>
    latest === children[1] ? { kind: "failure", error: new TimeoutError() } : latest?.settled,
  ) as DurablePromiseNode<unknown> as DurablePromiseNode<T>;
}

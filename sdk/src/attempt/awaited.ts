// What the code of an attempt awaits: as the server is told it, and as signals look for their receivers.

import {
  Awaiting_Combinator as Combinator,
  type Awaiting,
} from "@perdure/proto/protocol/v1/journal";
import { awaitingNothing } from "@perdure/protocol/messages";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import { SignalPromise } from "./leaves.js";
import { cancelSignalId } from "./signals.js";

type Roots = Iterable<DurablePromiseNode<unknown>>;

/** The tree for the server: any root wakes the attempt, and so does the cancel signal unless it is awaited explicitly. */
export function awaitingOf(roots: Roots, explicitCancellation: boolean): Awaiting {
  const awaiting = awaitingNothing(Combinator.FIRST_COMPLETED);
  if (!explicitCancellation) awaiting.signalIds.push(cancelSignalId);
  for (const root of roots) root.addTo(awaiting, { top: awaiting, outcomeMatters: false });
  awaiting.signalNames.push(...repeatedNames(awaiting));
  return awaiting;
}

export function awaitedSignals(roots: Roots): SignalPromise<unknown>[] {
  const awaited: SignalPromise<unknown>[] = [];
  for (const root of roots) {
    root.eachLeaf((leaf) => {
      if (leaf instanceof SignalPromise) awaited.push(leaf as SignalPromise<unknown>);
    });
  }
  return awaited;
}

/**
 * Names that several leaves of a tree have. The server takes a signal for all of them, though it is for one alone; so each of
 * these signals is to wake the attempt, which looks for itself.
 */
function repeatedNames(tree: Awaiting): ReadonlySet<string> {
  const once = new Set<string>();
  const repeated = new Set<string>();
  const visit = ({ signalNames, nested }: Awaiting): void => {
    for (const name of signalNames) (once.has(name) ? repeated : once).add(name);
    for (const child of nested) visit(child);
  };
  visit(tree);
  return repeated;
}

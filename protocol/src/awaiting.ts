// The tree of what an attempt waits for, and what an arriving notification does to it. Used on both
// sides: the SDK builds trees, the server keeps the tree of a suspended invocation and wakes the
// invocation once, when the tree resolves.

import {
  Awaiting_Combinator as Combinator,
  type Awaiting,
} from "@perdure/proto/protocol/v1/journal";

/** A notification as a tree sees it. */
export interface Arrival {
  readonly leaf:
    | { readonly case: "completion"; readonly id: number }
    | { readonly case: "signal"; readonly id: number }
    | { readonly case: "named"; readonly name: string };
  readonly succeeded: boolean;
}

export type Settled = "succeeded" | "failed";

/** What is left of a tree: nothing, since it has settled, or a smaller tree. */
export type Reduction = { readonly settled: Settled } | { readonly tree: Awaiting };

/**
 * The tree after an arrival. A tree that does not name the arrival comes back unchanged (the same object).
 */
export function reduceAwaiting(tree: Awaiting, arrival: Arrival): Reduction {
  const hit = { count: 0 };
  const completionIds =
    arrival.leaf.case === "completion"
      ? without(tree.completionIds, arrival.leaf.id, hit)
      : tree.completionIds;
  const signalIds =
    arrival.leaf.case === "signal" ? without(tree.signalIds, arrival.leaf.id, hit) : tree.signalIds;
  const signalNames =
    arrival.leaf.case === "named"
      ? without(tree.signalNames, arrival.leaf.name, hit)
      : tree.signalNames;

  let succeeded = arrival.succeeded ? hit.count : 0;
  let failed = arrival.succeeded ? 0 : hit.count;
  const nested: Awaiting[] = [];
  let changed = hit.count > 0;
  for (const child of tree.nested) {
    const reduced = reduceAwaiting(child, arrival);
    if ("settled" in reduced) {
      changed = true;
      if (reduced.settled === "succeeded") succeeded++;
      else failed++;
    } else {
      if (reduced.tree !== child) changed = true;
      nested.push(reduced.tree);
    }
  }
  if (!changed) return { tree };

  const left = completionIds.length + signalIds.length + signalNames.length + nested.length;
  const settled = settledBy(tree.combinator, succeeded, failed, left);
  if (settled !== undefined) return { settled };
  return {
    tree: {
      $typeName: "perdure.protocol.v1.Awaiting",
      combinator: tree.combinator,
      completionIds,
      signalIds,
      signalNames,
      nested,
    },
  };
}

/** Whether children that settled settle the tree, given how many are left. */
function settledBy(
  combinator: Combinator,
  succeeded: number,
  failed: number,
  left: number,
): Settled | undefined {
  switch (combinator) {
    case Combinator.ALL_COMPLETED:
      return left === 0 ? "succeeded" : undefined;
    case Combinator.FIRST_SUCCEEDED:
      if (succeeded > 0) return "succeeded";
      return left === 0 ? "failed" : undefined;
    case Combinator.ALL_SUCCEEDED:
      if (failed > 0) return "failed";
      return left === 0 ? "succeeded" : undefined;
    default:
      // First completed; also what a tree without a combinator means.
      if (succeeded > 0) return "succeeded";
      return failed > 0 ? "failed" : undefined;
  }
}

function without<T>(items: readonly T[], item: T, hit: { count: number }): T[] {
  const rest = items.filter((candidate) => candidate !== item);
  hit.count += items.length - rest.length;
  return rest;
}

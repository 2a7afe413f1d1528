// reduceAwaiting against a model that keeps the whole tree and marks in it what has settled.

import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Awaiting_Combinator as Combinator,
  AwaitingSchema,
  type Awaiting,
} from "@perdure/proto/protocol/v1/journal";
import { reduceAwaiting, type Arrival, type Reduction, type Settled } from "./awaiting.js";

const { FIRST_COMPLETED, ALL_COMPLETED, FIRST_SUCCEEDED, ALL_SUCCEEDED, UNSPECIFIED } = Combinator;

function tree(combinator: Combinator, ...children: (number | string | Awaiting)[]): Awaiting {
  return create(AwaitingSchema, {
    combinator,
    completionIds: children.filter((child) => typeof child === "number"),
    signalNames: children.filter((child) => typeof child === "string"),
    nested: children.filter((child) => typeof child === "object"),
  });
}

const arrived = (id: number): Arrival => ({ leaf: { case: "completion", id }, succeeded: true });
const failed = (id: number): Arrival => ({ leaf: { case: "completion", id }, succeeded: false });

/** What each arrival in turn makes of a tree: "-" as long as it has not settled. */
function run(start: Awaiting, ...arrivals: Arrival[]): string[] {
  const outcomes: string[] = [];
  let current = start;
  for (const arrival of arrivals) {
    const reduction = reduceAwaiting(current, arrival);
    if ("settled" in reduction) return [...outcomes, reduction.settled];
    outcomes.push("-");
    current = reduction.tree;
  }
  return outcomes;
}

describe("a tree of what is awaited", () => {
  test("for the first settles with the first arrival, whatever it is", () => {
    expect(run(tree(FIRST_COMPLETED, 1, 2), arrived(2))).toEqual(["succeeded"]);
    expect(run(tree(FIRST_COMPLETED, 1, 2), failed(1))).toEqual(["failed"]);
    expect(run(tree(UNSPECIFIED, 1), arrived(1))).toEqual(["succeeded"]);
  });

  test("for all settles when nothing is left, and has succeeded even if a part failed", () => {
    expect(run(tree(ALL_COMPLETED, 1, 2), failed(1), arrived(2))).toEqual(["-", "succeeded"]);
  });

  test("for the first success passes over failures, and fails when all have", () => {
    expect(run(tree(FIRST_SUCCEEDED, 1, 2), failed(1), arrived(2))).toEqual(["-", "succeeded"]);
    expect(run(tree(FIRST_SUCCEEDED, 1, 2), failed(1), failed(2))).toEqual(["-", "failed"]);
  });

  test("for all successes fails with the first failure", () => {
    expect(run(tree(ALL_SUCCEEDED, 1, 2), arrived(1), arrived(2))).toEqual(["-", "succeeded"]);
    expect(run(tree(ALL_SUCCEEDED, 1, 2, 3), arrived(1), failed(3))).toEqual(["-", "failed"]);
  });

  test("counts a part that is a tree itself when that tree settles", () => {
    const either = tree(FIRST_COMPLETED, tree(ALL_SUCCEEDED, 1, 2), 3);

    expect(run(either, arrived(1), arrived(2))).toEqual(["-", "succeeded"]);
    expect(run(either, arrived(1), failed(2))).toEqual(["-", "failed"]);
    expect(run(either, arrived(1), arrived(3))).toEqual(["-", "succeeded"]);
  });

  test("tells completions, signals by number and signals by name apart", () => {
    const all = create(AwaitingSchema, {
      combinator: ALL_COMPLETED,
      completionIds: [1],
      signalIds: [1],
      signalNames: ["1"],
    });
    const signal: Arrival = { leaf: { case: "signal", id: 1 }, succeeded: true };
    const named: Arrival = { leaf: { case: "named", name: "1" }, succeeded: true };

    expect(run(all, arrived(1), arrived(1), signal, named)).toEqual(["-", "-", "-", "succeeded"]);
  });

  test("stays the same object when the arrival is not its business", () => {
    const waiting = tree(FIRST_COMPLETED, 1, tree(ALL_COMPLETED, 2));

    expect(reduceAwaiting(waiting, arrived(9))).toEqual({ tree: waiting });
    expect((reduceAwaiting(waiting, arrived(9)) as { tree: Awaiting }).tree).toBe(waiting);
  });

  test("is not changed by an arrival: what is left is a new tree", () => {
    const waiting = tree(ALL_COMPLETED, 1, 2, tree(ALL_COMPLETED, 1, 3));
    const before = structuredClone(waiting);

    const reduction = reduceAwaiting(waiting, arrived(1));

    expect(waiting).toEqual(before);
    expect(reduction).toEqual({ tree: tree(ALL_COMPLETED, 2, tree(ALL_COMPLETED, 3)) });
  });

  test("settles when and as a model does that forgets nothing", () => {
    fc.assert(
      fc.property(treesOf(3), fc.array(arrivals, { maxLength: 20 }), (start, all) => {
        const model = modelOf(start);
        let current = start;
        for (const arrival of all) {
          const reduction = reduceAwaiting(current, arrival);

          arrive(model, arrival);

          expect(outcomeOf(reduction)).toBe(model.settled);
          if ("settled" in reduction) return;
          current = reduction.tree;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

function outcomeOf(reduction: Reduction): Settled | undefined {
  return "settled" in reduction ? reduction.settled : undefined;
}

// ---- the model

interface ModelNode {
  readonly combinator: Combinator | "leaf";
  readonly leaf: string;
  readonly children: readonly ModelNode[];
  settled: Settled | undefined;
}

const nameOf = (kind: Arrival["leaf"]["case"], id: number | string): string => `${kind} ${id}`;

function modelOf({
  combinator,
  completionIds,
  signalIds,
  signalNames,
  nested,
}: Awaiting): ModelNode {
  const leaves = [
    ...completionIds.map((id) => nameOf("completion", id)),
    ...signalIds.map((id) => nameOf("signal", id)),
    ...signalNames.map((name) => nameOf("named", name)),
  ].map((leaf): ModelNode => ({ combinator: "leaf", leaf, children: [], settled: undefined }));
  const children = [...leaves, ...nested.map(modelOf)];
  return { combinator, leaf: "", children, settled: undefined };
}

function arrive(node: ModelNode, arrival: Arrival): void {
  if (node.settled !== undefined) return;
  for (const child of node.children) arrive(child, arrival);
  node.settled = settledNow(node, arrival);
}

function settledNow(node: ModelNode, { leaf, succeeded }: Arrival): Settled | undefined {
  const outcomes = node.children.map((child) => child.settled);
  const some = (outcome: Settled): boolean => outcomes.includes(outcome);
  const all = outcomes.every((outcome) => outcome !== undefined);
  switch (node.combinator) {
    case "leaf":
      if (node.leaf !== nameOf(leaf.case, leaf.case === "named" ? leaf.name : leaf.id)) return;
      return succeeded ? "succeeded" : "failed";
    case ALL_COMPLETED:
      return all ? "succeeded" : undefined;
    case ALL_SUCCEEDED:
      return some("failed") ? "failed" : all ? "succeeded" : undefined;
    case FIRST_SUCCEEDED:
      return some("succeeded") ? "succeeded" : all ? "failed" : undefined;
    default:
      return some("succeeded") ? "succeeded" : some("failed") ? "failed" : undefined;
  }
}

// ---- generated cases

const ids = fc.integer({ min: 1, max: 6 });
const names = fc.constantFrom("a", "b");
const combinators = fc.constantFrom(
  UNSPECIFIED,
  FIRST_COMPLETED,
  ALL_COMPLETED,
  FIRST_SUCCEEDED,
  ALL_SUCCEEDED,
);
function treesOf(depth: number): fc.Arbitrary<Awaiting> {
  const nested: fc.Arbitrary<Awaiting[]> =
    depth === 0 ? fc.constant([]) : fc.array(treesOf(depth - 1), { maxLength: 3 });
  return fc
    .record({
      combinator: combinators,
      completionIds: fc.uniqueArray(ids, { maxLength: 3 }),
      signalIds: fc.uniqueArray(ids, { maxLength: 1 }),
      signalNames: fc.uniqueArray(names, { maxLength: 1 }),
      nested,
    })
    .filter((init) => Object.values(init).some((part) => Array.isArray(part) && part.length > 0))
    .map((init) => create(AwaitingSchema, init));
}

const arrivals: fc.Arbitrary<Arrival> = fc.record({
  leaf: fc.oneof<fc.Arbitrary<Arrival["leaf"]>[]>(
    fc.record({ case: fc.constant("completion" as const), id: ids }),
    fc.record({ case: fc.constant("signal" as const), id: ids }),
    fc.record({ case: fc.constant("named" as const), name: names }),
  ),
  succeeded: fc.boolean(),
});

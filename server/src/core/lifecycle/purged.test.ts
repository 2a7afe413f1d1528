// Purge: what has ended goes before its time, or only its journal does.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { completePromise, getPromise, run, setState } from "../commands.fixture.js";
import {
  A,
  B,
  C,
  appended,
  derivedId,
  ended,
  exclusive,
  failure,
  idOf,
  plain,
  proposal,
  resultOf,
  submitted,
  workflowRun,
  workflowShared,
} from "../events.fixture.js";
import { startPartition, type PartitionUnderTest } from "../partition.fixture.js";
import { readOutput } from "../queries.js";
import { killed, purged } from "../verbs.fixture.js";

const { COMPLETED, READY } = InvocationStatus;

/** One that made a step and ended at 1000. */
function endedWith(options: { kept: number; journalKept?: number }): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(
    submitted(A, plain(options)),
    appended(A, [run(1), proposal(1, "x")]),
    ended(A, "done"),
  );
  return partition;
}

function withoutSequences(partition: PartitionUnderTest): string[] {
  return partition.content().filter((row) => !row.startsWith("sequences"));
}

describe("purge of an invocation", () => {
  test.each([
    ["result and journal kept equally long", { kept: 500 }],
    ["the journal kept shorter", { kept: 500, journalKept: 100 }],
    ["the journal not kept", { kept: 500, journalKept: 0 }],
    ["kept for longer than time lasts", { kept: 1.8e19, journalKept: 1.7e19 }],
  ])("leaves no row and no timer: %s", (_, options) => {
    const partition = endedWith(options);

    partition.apply(purged(idOf(A)));

    expect(withoutSequences(partition)).toEqual([]);
    expect(partition.advanceTo(1_000_000)).toEqual([]);
  });

  test("after its journal, by hand or in its time, leaves nothing either", () => {
    const byHand = endedWith({ kept: 500, journalKept: 100 });
    byHand.apply(purged(idOf(A), "journal"), purged(idOf(A)));
    expect(withoutSequences(byHand)).toEqual([]);

    const inTime = endedWith({ kept: 500, journalKept: 100 });
    inTime.advanceTo(1_100);
    inTime.apply(purged(idOf(A)));
    expect(withoutSequences(inTime)).toEqual([]);
  });

  test("idempotent: lets its key run again, as a new life", () => {
    const partition = startPartition();
    const id = derivedId("once");
    const again = submitted(B, plain(), { id, idempotencyKey: "once" });
    partition.apply(submitted(A, plain(), { id, idempotencyKey: "once" }), ended(A));
    expect(partition.changesNothing(again)).toBe(true);

    partition.apply(purged(id), again);

    expect(partition.currentRun(id)).toBe(B);
    expect(partition.statusOf(B)).toBe(READY);
    // What was to expire with the old life does not reach the new one.
    partition.advanceTo(100_000);
    expect(partition.statusOf(B)).toBe(READY);
  });

  test("workflow: clears its state and its promises", () => {
    const partition = startPartition();
    const id = derivedId("w");
    partition.apply(
      submitted(A, workflowRun("w"), { id }),
      appended(A, [setState("s", "1"), completePromise(1, "p", "kept")]),
      ended(A),
    );
    expect(partition.leftovers()).toEqual({ state: 1, promises: 1, timers: 1 });

    partition.apply(purged(id));

    expect(withoutSequences(partition)).toEqual([]);
  });

  test("of an object leaves the object's state", () => {
    const partition = startPartition();
    partition.apply(submitted(A, exclusive("k")), appended(A, [setState("s", "1")]), ended(A));

    partition.apply(purged(idOf(A)));

    expect(partition.leftovers()).toEqual({ state: 1 });
  });
});

test("a promise that a shared handler waits for outlives its workflow, and is kept by the next life", () => {
  const partition = startPartition();
  const id = derivedId("w");
  partition.apply(
    submitted(A, workflowRun("w"), { id }),
    appended(A, [completePromise(1, "kept", "x")]),
    ended(A),
    submitted(B, workflowShared("w")),
    appended(B, [getPromise(1, "later")]),
    purged(id),
  );
  expect(partition.rows("promises")).toHaveLength(1);

  partition.apply(
    submitted(C, workflowRun("w"), { id }),
    appended(C, [completePromise(1, "later", "at last")]),
  );

  expect(partition.story(B)).toEqual(["input", "getPromise", "completion"]);
});

describe("purge journal", () => {
  test("leaves the result and its retention, and no timer of the journal", () => {
    const partition = endedWith({ kept: 500, journalKept: 100 });

    partition.apply(purged(idOf(A), "journal"));

    expect(partition.story(A)).toEqual(["output"]);
    expect(partition.invocation(A)).toMatchObject({ entryCount: 1, outputIndex: 0, dueAt: 1_500 });
    expect(readOutput(partition.tables, A, partition.invocation(A))).toMatchObject(
      resultOf("done"),
    );
    expect(partition.leftovers()).toEqual({ timers: 1 });
    partition.advanceTo(1_500);
    expect(withoutSequences(partition)).toEqual([]);
  });

  test("twice, then the invocation", () => {
    const partition = endedWith({ kept: 500 });

    partition.apply(purged(idOf(A), "journal"), purged(idOf(A), "journal"));
    expect(partition.story(A)).toEqual(["output"]);
    partition.apply(purged(idOf(A)));

    expect(withoutSequences(partition)).toEqual([]);
  });

  test("of one that was killed, or failed, keeps how it ended", () => {
    for (const end of [killed(idOf(A)), ended(A, failure(500, "no"))]) {
      const partition = startPartition();
      partition.apply(submitted(A, plain()), appended(A, [run(1)]), end);
      const output = readOutput(partition.tables, A, partition.invocation(A));

      partition.apply(purged(idOf(A), "journal"));

      expect(partition.statusOf(A)).toBe(COMPLETED);
      expect(readOutput(partition.tables, A, partition.invocation(A))).toEqual(output);
      expect(output?.case).toBe("failure");
    }
  });
});

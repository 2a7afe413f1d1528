// What is left of an invocation after its end, and for how long.

import { describe, expect, test } from "vitest";
import { InvocationStatus, type ResolvedTarget } from "@perdure/proto/storage/v1/records";
import { run, setState } from "./commands.fixture.js";
import {
  A,
  B,
  appended,
  derivedId,
  ended,
  exclusive,
  plain,
  proposal,
  resultOf,
  submitted,
  workflowRun,
  workflowShared,
} from "./events.fixture.js";
import { startPartition, type PartitionUnderTest } from "./partition.fixture.js";
import { readOutput } from "./queries.js";

const { COMPLETED } = InvocationStatus;
const id = derivedId("once");

/** One that made a step and ended at 1000. */
function endedWith(target: ResolvedTarget): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(
    submitted(A, target, { id }),
    appended(A, [run(1), proposal(1, "x")]),
    ended(A, "done"),
  );
  return partition;
}

describe("a result", () => {
  test("is kept with the journal for as long as asked, then both go", () => {
    const partition = endedWith(plain({ kept: 500 }));
    expect(partition.invocation(A)).toMatchObject({ status: COMPLETED, dueAt: 1_500 });

    partition.advanceTo(1_499);
    expect(readOutput(partition.tables, A, partition.invocation(A))).toMatchObject(
      resultOf("done"),
    );
    expect(partition.story(A)).toEqual(["input", "run", "completion", "output"]);

    partition.advanceTo(1_500);
    expect(partition.statusOf(A)).toBeUndefined();
    expect(partition.journal(A)).toEqual([]);
    expect(partition.currentRun(id)).toBeUndefined();
    expect(partition.leftovers()).toEqual({});
  });

  test("that nobody wants kept goes with the end, and leaves no row", () => {
    const partition = endedWith(plain({ kept: 0 }));

    expect(partition.statusOf(A)).toBeUndefined();
    expect(partition.journal(A)).toEqual([]);
    expect(partition.content().filter((row) => !row.startsWith("sequences"))).toEqual([]);
  });

  test("may outlive the journal, of which its output is then all that is left", () => {
    const partition = endedWith(plain({ kept: 500, journalKept: 100 }));

    partition.advanceTo(1_100);

    expect(partition.story(A)).toEqual(["output"]);
    expect(partition.invocation(A)).toMatchObject({ entryCount: 1, outputIndex: 0 });
    expect(readOutput(partition.tables, A, partition.invocation(A))).toMatchObject(
      resultOf("done"),
    );

    partition.advanceTo(1_500);
    expect(partition.leftovers()).toEqual({});
    expect(partition.journal(A)).toEqual([]);
  });

  test("may be kept without its journal from the start", () => {
    const partition = endedWith(plain({ kept: 500, journalKept: 0 }));

    partition.advanceTo(1_000);

    expect(partition.story(A)).toEqual(["output"]);
  });

  test("whose journal and retention end in one event leaves nothing", () => {
    const partition = endedWith(plain({ kept: 500, journalKept: 100 }));

    partition.advanceTo(9_999);

    expect(partition.leftovers()).toEqual({});
    expect(partition.journal(A)).toEqual([]);
  });

  test("may be kept for longer than time lasts", () => {
    const partition = endedWith(plain({ kept: 1.8e19 }));

    partition.advanceTo(4_000_000_000_000);

    expect(partition.statusOf(A)).toBe(COMPLETED);
  });
});

describe("state", () => {
  test("of a workflow goes with its run; that of an object stays", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, workflowRun("k", { kept: 500 }), { id }),
      appended(A, [setState("s", "1")]),
      ended(A),
      submitted(B, exclusive("k", { kept: 500 })),
      appended(B, [setState("s", "2")]),
      ended(B),
    );
    expect(partition.rows("state")).toHaveLength(2);

    partition.advanceTo(2_000);

    expect(partition.leftovers()).toEqual({ state: 1 });
  });

  test("of a workflow stays when a shared handler of it goes", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, workflowRun("k"), { id }),
      appended(A, [setState("s", "1")]),
      submitted(B, workflowShared("k", { kept: 0 })),
      ended(B),
    );

    expect(partition.rows("state")).toHaveLength(1);
  });
});

describe("a new life under an old id", () => {
  test("is not touched when the retention of the old one is over", () => {
    const partition = startPartition();
    // The first life goes at once; the second one must not lose its identity or its timers to it.
    partition.apply(
      submitted(A, workflowRun("k", { kept: 0 }), { id }),
      ended(A),
      submitted(B, workflowRun("k"), { id }),
    );

    partition.advanceTo(50_000);

    expect(partition.currentRun(id)).toBe(B);
  });
});

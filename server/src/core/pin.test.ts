// How many invocations belong to a deployment and have not ended: the count agrees with the records, always.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { run } from "./commands.fixture.js";
import {
  A,
  B,
  C,
  D,
  appended,
  attemptLost,
  endWith,
  ended,
  failed,
  failure,
  idOf,
  pause,
  plain,
  resumed,
  submitted,
} from "./events.fixture.js";
import { startPartition, type PartitionUnderTest } from "./partition.fixture.js";
import { pinnedTo } from "./pin.js";
import { cancelled, killed, purged, restarted } from "./verbs.fixture.js";

/** As the records say. */
function recount(partition: PartitionUnderTest, deploymentId: string): number {
  const all = [A, B, C, D].map((runId) => partition.tables.invocations.get(runId));
  return all.filter((invocation) => {
    if (invocation?.deploymentId !== deploymentId) return false;
    return invocation.status !== InvocationStatus.COMPLETED;
  }).length;
}

describe("the count of a deployment's invocations", () => {
  test("agrees with the records after anything that pins, moves or ends one", () => {
    const partition = startPartition();
    const events = [
      ...[A, B, C].map((runId) => submitted(runId, plain())),
      appended(A, [run(1)]),
      appended(A, [run(2)]),
      appended(B, [run(1)]),
      attemptLost(A),
      resumed(idOf(A), "dp_2"),
      resumed(idOf(A), "dp_2"),
      failed(B, pause),
      resumed(idOf(B), "dp_2"),
      resumed(idOf(B)),
      cancelled(idOf(C)),
      ended(C, "done", { deploymentId: "dp_2" }),
      restarted(idOf(C), D, { deploymentId: "dp_1" }),
      killed(idOf(A)),
      killed(idOf(D)),
      failed(B, endWith(failure(500)), { attempt: 3 }),
      purged(idOf(A)),
      killed(idOf(B)),
    ];
    const counts = new Set<string>();
    for (const event of events) {
      partition.apply(event);
      const counted = ["dp_1", "dp_2"].map((id) => pinnedTo(partition, id));
      expect(counted).toEqual(["dp_1", "dp_2"].map((id) => recount(partition, id)));
      counts.add(counted.join());
    }

    expect([...counts]).toEqual(["0,0", "1,0", "2,0", "1,1", "0,2", "1,2", "0,1"]);
    expect(pinnedTo(partition, "dp_1") + pinnedTo(partition, "dp_2")).toBe(0);
  });

  test("has no row where it is nothing", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain({ kept: 0 })), appended(A, [run(1)]), ended(A));

    expect(partition.content().filter((row) => row.includes("pinned"))).toEqual([]);
  });
});

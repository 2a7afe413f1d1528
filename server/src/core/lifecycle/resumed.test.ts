import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { A, failed, pause, plain, resumed, retryAt, submitted } from "../events.fixture.js";
import { kindsOf, startPartition, type PartitionUnderTest } from "../partition.fixture.js";

function started(): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(submitted(A, plain()));
  return partition;
}

describe("resuming", () => {
  test("lets a paused invocation go on, its failures forgotten", () => {
    const partition = started();
    partition.apply(failed(A, pause));

    const effects = partition.apply(resumed(A));

    expect(kindsOf(effects)).toEqual(["ready"]);
    expect(partition.invocation(A)).toMatchObject({
      status: InvocationStatus.READY,
      retryCount: 0,
    });
  });

  test("does not wait for the time of the next attempt", () => {
    const partition = started();
    partition.apply(failed(A, retryAt(9_000)));

    expect(kindsOf(partition.apply(resumed(A)))).toEqual(["ready"]);
    expect(kindsOf(partition.advanceTo(9_000))).toEqual([]);
  });

  test("changes nothing of one that runs", () => {
    const partition = started();

    expect(partition.apply(resumed(A))).toEqual([]);
  });
});

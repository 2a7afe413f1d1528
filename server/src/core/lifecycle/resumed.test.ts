import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { sleep } from "../commands.fixture.js";
import {
  A,
  B,
  appended,
  ended,
  exclusive,
  failed,
  firstOf,
  idOf,
  pause,
  plain,
  resumed,
  retryAt,
  submitted,
  suspended,
} from "../events.fixture.js";
import { kindsOf, startPartition, type PartitionUnderTest } from "../partition.fixture.js";

const { READY, PAUSED } = InvocationStatus;

function running(): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(submitted(A, exclusive("k")), submitted(B, exclusive("k")));
  return partition;
}

describe("an invocation that an operator resumes", () => {
  test("goes on from its pause with a new attempt, its failures forgotten", () => {
    const partition = running();
    partition.apply(failed(A, pause));
    expect(partition.statusOf(A)).toBe(PAUSED);

    const effects = partition.apply(resumed(idOf(A)));

    expect(kindsOf(effects)).toEqual(["ready"]);
    expect(partition.invocation(A)).toMatchObject({ status: READY, attempt: 2, retryCount: 0 });
    partition.apply(ended(A, "done", { attempt: 2 }));
    expect(partition.statusOf(B)).toBe(READY);
  });

  test("does not wait for the time of its next attempt, whose timer is gone", () => {
    const partition = running();
    partition.apply(failed(A, retryAt(60_000)));

    const effects = partition.apply(resumed(idOf(A)));

    expect(kindsOf(effects)).toEqual(["ready"]);
    expect(partition.invocation(A)).toMatchObject({ status: READY, dueAt: 0, retryCount: 0 });
    expect(partition.rows("timers")).toEqual([]);
    expect(partition.advanceTo(60_000)).toEqual([]);
  });

  test("stays as it is when it runs, waits behind a lock, sleeps, is scheduled or has ended", () => {
    const partition = running();
    partition.apply(submitted("C", plain(), { startAt: 9_000 }));
    const all = [idOf(A), idOf(B), idOf("C"), idOf("never")];

    expect(partition.changesNothing(...all.map(resumed))).toBe(true);
    partition.apply(appended(A, [sleep(1, 50)]), suspended(A, firstOf(1)));
    expect(partition.changesNothing(resumed(idOf(A)))).toBe(true);
    partition.advanceTo(1_050);
    partition.apply(ended(A, "done", { attempt: 2 }));
    expect(partition.changesNothing(resumed(idOf(A)))).toBe(true);
  });
});

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { sleep } from "../commands.fixture.js";
import {
  A,
  B,
  C,
  D,
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
import { kindsOf, ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";
import { pinnedTo } from "../pin.js";

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

  test("after a sleep that it is still in goes on at once, and the sleep with it", () => {
    const partition = running();
    partition.apply(appended(A, [sleep(1, 50)]), suspended(A, firstOf(1)));

    expect(kindsOf(partition.apply(resumed(idOf(A))))).toEqual(["ready"]);

    expect(partition.invocation(A)).toMatchObject({ status: READY, awaiting: undefined });
    expect(partition.leftovers()).toEqual({ ready: 1, timers: 1, inbox: 1 });
    expect(kindsOf(partition.advanceTo(1_050))).toEqual(["forward"]);
  });

  test("stays as it is when it is ready, waits behind a lock, is scheduled or has ended", () => {
    const partition = running();
    partition.apply(submitted(C, plain(), { startAt: 9_000 }), submitted(D, plain()), ended(D));
    const all = [A, B, C, D].map((runId) => resumed(idOf(runId)));

    expect(partition.changesNothing(...all, resumed(idOf("never")))).toBe(true);
  });

  test("and kept where it is, stays with the deployment that wrote its journal", () => {
    const partition = running();
    partition.apply(appended(A, [sleep(1, 50)], { deploymentId: "dp_1" }), failed(A, pause));

    partition.apply(resumed(idOf(A)));

    expect(partition.invocation(A)).toMatchObject({ deploymentId: "dp_1", queueGroup: "d:dp_1" });
    expect(pinnedTo(partition, "dp_1")).toBe(1);
  });

  test.each([
    ["ready", []],
    ["paused", [failed(A, pause)]],
    ["backing off", [failed(A, retryAt(9_000))]],
    ["suspended", [suspended(A, firstOf(1))]],
  ])("goes on with another deployment, while %s", (_, events) => {
    const partition = running();
    partition.apply(appended(A, [sleep(1, 50)], { deploymentId: "dp_1" }), ...events);

    const effects = partition.apply(resumed(idOf(A), "dp_2"));

    expect(partition.invocation(A)).toMatchObject({
      status: READY,
      attempt: 2,
      deploymentId: "dp_2",
      queueGroup: "d:dp_2",
    });
    expect(ofKind(effects, "ready")).toMatchObject([{ group: "d:dp_2", runId: A }]);
    expect(partition.rows("ready")).toHaveLength(1);
    expect([pinnedTo(partition, "dp_1"), pinnedTo(partition, "dp_2")]).toEqual([0, 1]);
    // Its old attempt, if it had one, is over.
    expect(partition.changesNothing(ended(A))).toBe(true);
  });

  test("that had no deployment yet is pinned to the one that was chosen", () => {
    const partition = running();
    partition.apply(failed(A, pause));

    partition.apply(resumed(idOf(A), "dp_2"));
    partition.apply(ended(A, "done", { attempt: 2, deploymentId: "dp_2" }));

    expect(partition.invocation(A).deploymentId).toBe("dp_2");
    expect(pinnedTo(partition, "dp_2")).toBe(0);
  });
});

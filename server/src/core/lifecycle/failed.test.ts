import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { run, sleep } from "../commands.fixture.js";
import {
  A,
  B,
  appended,
  attemptLost,
  endWith,
  exclusive,
  failed,
  failure,
  idOf,
  pause,
  plain,
  retryAt,
  signalOf,
  signalled,
  submitted,
} from "../events.fixture.js";
import { kindsOf, ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";

const { READY, BACKING_OFF, PAUSED, COMPLETED, INBOXED } = InvocationStatus;

function running(): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(submitted(A, exclusive("k")), submitted(B, exclusive("k")));
  return partition;
}

describe("an attempt that failed", () => {
  test("is over; the next one waits for its time in the timer table", () => {
    const partition = running();

    const effects = partition.apply(failed(A, retryAt(1_500), { message: "no route" }));

    expect(effects).toEqual([
      { kind: "attemptOver", runId: A, attempt: 1, why: "failed" },
      { kind: "armTimer", dueAt: 1_500, retention: false },
    ]);
    expect(partition.invocation(A)).toMatchObject({
      status: BACKING_OFF,
      dueAt: 1_500,
      retryCount: 1,
      attempt: 2,
      lastFailure: { message: "no route" },
    });
    expect(partition.leftovers()).toEqual({ timers: 1, inbox: 1 });
  });

  test("is followed by the next when its time has come, not earlier", () => {
    const partition = running();
    partition.apply(failed(A, retryAt(1_500)));

    expect(partition.advanceTo(1_499.9)).toEqual([]);
    expect(kindsOf(partition.advanceTo(1_500))).toEqual(["ready"]);
    expect(partition.invocation(A)).toMatchObject({ status: READY, dueAt: 0, attempt: 2 });
  });

  test("counts up with each failure, as long as the journal does not grow", () => {
    const partition = running();
    for (let n = 1; n <= 4; n++) {
      partition.apply(failed(A, retryAt(1_000 + n), { attempt: n }));
      expect(partition.invocation(A).retryCount).toBe(n);
      partition.advanceTo(1_000 + n);
    }

    partition.apply(appended(A, [run(1)], { attempt: 5 }));

    expect(partition.invocation(A).retryCount).toBe(0);
  });

  test("may be followed at once, any number of times in one millisecond", () => {
    const partition = running();

    const keys = new Set<string | undefined>();
    for (let attempt = 1; attempt <= 5; attempt++) {
      partition.apply(failed(A, retryAt(1_000), { attempt }));
      keys.add(partition.rows("timers")[0]?.key);
      partition.advanceTo(1_000);
      expect(partition.statusOf(A)).toBe(READY);
    }

    // The store takes it that no row of a timer comes back under the same key.
    expect(keys.size).toBe(5);
    expect(partition.leftovers()).toEqual({ ready: 1, inbox: 1 });
  });

  test("keeps the lock of its key", () => {
    const partition = running();

    partition.apply(failed(A, retryAt(2_000)));

    expect(partition.statusOf(B)).toBe(INBOXED);
  });

  test("is paused when the policy says so: it has no timer, and keeps its lock", () => {
    const partition = running();

    const effects = partition.apply(failed(A, pause));

    expect(kindsOf(effects)).toEqual(["attemptOver"]);
    expect(partition.statusOf(A)).toBe(PAUSED);
    expect(partition.leftovers()).toEqual({ inbox: 1 });
  });

  test("is the end when the policy says so, with a failure as the result", () => {
    const partition = running();

    const effects = partition.apply(failed(A, endWith(failure(500, "gave up"))));

    expect(ofKind(effects, "completed")[0]?.output).toMatchObject({
      case: "failure",
      value: { code: 500, message: "gave up" },
    });
    expect(partition.statusOf(A)).toBe(COMPLETED);
    expect(partition.story(A)).toEqual(["input", "output"]);
    expect(partition.statusOf(B)).toBe(READY);
  });

  test("that ends without retention leaves nothing", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain({ kept: 0 })), appended(A, [sleep(1, 50)]));

    partition.apply(failed(A, endWith(failure(500))));

    expect(partition.statusOf(A)).toBeUndefined();
    expect(partition.journal(A)).toEqual([]);
    expect(partition.leftovers()).toEqual({});
  });

  test("changes nothing when it is not the current one", () => {
    const partition = running();

    expect(partition.changesNothing(failed(A, pause, { attempt: 2 }))).toBe(true);
    expect(partition.changesNothing(failed(A, pause, { epoch: 0 }))).toBe(true);
    partition.apply(failed(A, retryAt(2_000)));
    expect(partition.changesNothing(failed(A, pause))).toBe(true);
  });

  test("may ask for a time at the end of all days", () => {
    const partition = running();

    partition.apply(failed(A, retryAt(1.8e19)));

    expect(partition.statusOf(A)).toBe(BACKING_OFF);
  });
});

describe("notifications for an invocation that backs off or is paused", () => {
  test("are written down, and wake nothing", () => {
    for (const decision of [retryAt(9_000), pause]) {
      const partition = running();
      partition.apply(appended(A, [sleep(1, 100)]), failed(A, decision));
      const status = partition.statusOf(A);

      const effects = partition.advanceTo(1_100);
      effects.push(...partition.apply(signalled(idOf(A), signalOf("go"))));

      expect(effects).toEqual([]);
      expect(partition.statusOf(A)).toBe(status);
      expect(partition.story(A)).toEqual(["input", "sleep", "completion", "signal"]);
    }
  });
});

describe("an attempt whose session broke", () => {
  test("costs no retry: its number rises, and it is ready in its old place", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), submitted(B, plain()));

    const effects = partition.apply(attemptLost(A));

    expect(effects).toEqual([
      { kind: "attemptOver", runId: A, attempt: 1, why: "lost" },
      { kind: "ready", group: "s:Greeter", sequence: 1, runId: A },
    ]);
    expect(partition.invocation(A)).toMatchObject({ status: READY, attempt: 2, retryCount: 0 });
    expect(partition.rows("ready").map((row) => row.value.runId)).toEqual([A, B]);
  });

  test("is ready with those of the deployment that its journal was pinned to in the meantime", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [run(1)], { deploymentId: "dp_7" }));

    const [ready] = ofKind(partition.apply(attemptLost(A)), "ready");

    expect(ready).toMatchObject({ group: "d:dp_7", runId: A });
    expect(partition.rows("ready").map((row) => row.key.split("\u0000")[0])).toEqual(["d:dp_7"]);
    expect(partition.invocation(A).queueGroup).toBe("d:dp_7");
  });

  test("is lost once", () => {
    const partition = running();
    partition.apply(attemptLost(A));

    expect(partition.changesNothing(attemptLost(A))).toBe(true);
    expect(partition.changesNothing(attemptLost(A, { attempt: 2, epoch: 2 }))).toBe(true);
  });
});

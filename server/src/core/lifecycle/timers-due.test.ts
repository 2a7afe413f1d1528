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
  plain,
  retryAt,
  runIdAt,
  submitted,
  suspended,
  timersDue,
} from "../events.fixture.js";
import { dueAtOfTimerKey } from "../keys.js";
import { kindsOf, ofKind, startPartition } from "../partition.fixture.js";

const { READY, SCHEDULED } = InvocationStatus;

describe("a timer", () => {
  test("does not fire early", () => {
    const partition = startPartition({ nowMs: 1_000.25 });
    partition.apply(submitted(A, plain()), appended(A, [sleep(1, 500)]));

    // A sleep counts from the event that records it: 1000.25 + 500, in whole milliseconds, rounded up.
    expect(partition.journal(A)[1]?.body.value).toMatchObject({ wakeUpTimeMs: 1_501n });
    expect(partition.advanceTo(1_500.99)).toEqual([]);
    expect(partition.changesNothing(timersDue(1_500))).toBe(true);
    expect(kindsOf(partition.advanceTo(1_501))).toEqual(["forward"]);
  });

  test("fires once", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [sleep(1, 500)]));
    partition.advanceTo(1_500);

    expect(partition.changesNothing(timersDue(99_999))).toBe(true);
  });

  test("of zero milliseconds fires with the next event", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [sleep(1, 0)]));

    partition.advanceTo(1_000);

    expect(partition.story(A)).toEqual(["input", "sleep", "completion"]);
  });

  test("may be set for longer than time lasts", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()));

    partition.apply(appended(A, [sleep(1, 1.8e19), sleep(2, 5)]));

    expect(kindsOf(partition.advanceTo(4_000_000_000_000))).toEqual(["forward"]);
    expect(partition.rows("timers")).toHaveLength(1);
    partition.apply(ended(A));
    expect(partition.rows("timers").map((row) => row.value.timer.case)).toEqual(["retention"]);
  });

  test("fires in the order of due times, whatever it is for", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain(), { startAt: 1_300 }),
      submitted(B, plain()),
      appended(B, [sleep(1, 100), sleep(2, 200)]),
      suspended(B, firstOf(1, 2)),
    );

    const effects = partition.advanceTo(2_000);

    expect(ofKind(effects, "ready").map((effect) => effect.runId)).toEqual([B, A]);
    expect(partition.journal(B).slice(3)).toMatchObject([
      { body: { value: { completionId: 1 } } },
      { body: { value: { completionId: 2 } } },
    ]);
  });

  test("starts a scheduled invocation, and one of a key only behind its lock", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain(), { startAt: 2_000 }),
      submitted(B, exclusive("k"), { startAt: 2_000 }),
      submitted("held", exclusive("k")),
    );
    expect(partition.statusOf(A)).toBe(SCHEDULED);

    partition.advanceTo(2_000);

    expect(partition.invocation(A)).toMatchObject({ status: READY, dueAt: 0 });
    expect(partition.statusOf(B)).toBe(InvocationStatus.INBOXED);
  });

  test("of a retry brings the next attempt", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), failed(A, retryAt(1_200)));

    expect(kindsOf(partition.advanceTo(1_200))).toEqual(["ready"]);
  });

  test("of an invocation that has ended is gone", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [sleep(1, 500)]), ended(A));

    expect(partition.rows("timers").map((row) => row.value.timer.case)).toEqual(["retention"]);
  });
});

describe("many timers that are due", () => {
  test("fire up to a limit; the rest waits for the next event", () => {
    const partition = startPartition();
    const runs = Array.from({ length: 25 }, (_, n) => runIdAt(n + 1));
    for (const runId of runs) partition.apply(submitted(runId, plain(), { startAt: 2_000 }));

    const counts: number[] = [];
    for (let n = 0; n < 4; n++) {
      const effects = partition.apply(timersDue(2_000, 10));
      counts.push(ofKind(effects, "ready").length);
    }

    expect(counts).toEqual([10, 10, 5, 0]);
    expect(partition.rows("ready").map((row) => row.value.runId)).toEqual(runs);
  });
});

describe("the timer table", () => {
  test("has its rows in the order in which they are due", () => {
    const partition = startPartition();
    const due = [5_000, 61 * 62, 1_001, 62 ** 3, 9_999_999_999_999];
    for (const [n, startAt] of due.entries()) {
      partition.apply(submitted(runIdAt(n + 1), plain(), { startAt }));
    }

    const found = partition.rows("timers").map((row) => dueAtOfTimerKey(row.key));

    expect(found).toEqual(due.toSorted((a, b) => a - b));
  });
});

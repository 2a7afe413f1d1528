import { describe, expect, test } from "vitest";
import type { Awaiting } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { completionOf } from "@perdure/protocol/messages";
import { run, sleep } from "../commands.fixture.js";
import {
  A,
  B,
  allOf,
  allSuccessesOf,
  appended,
  completeMessage,
  ended,
  exclusive,
  failure,
  firstOf,
  firstSuccessOf,
  idOf,
  plain,
  proposal,
  received,
  resultOf,
  signalOf,
  signalTree,
  signalled,
  submitted,
  suspended,
} from "../events.fixture.js";
import { kindsOf, ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";

const { READY, SUSPENDED } = InvocationStatus;

function sleeping(...durations: number[]): PartitionUnderTest {
  const partition = startPartition();
  const sleeps = durations.map((duration, index) => sleep(index + 1, duration));
  partition.apply(submitted(A, plain()), appended(A, sleeps));
  return partition;
}

describe("an attempt that can only wait", () => {
  test("is let go: its row in the ready table is gone, its number is used up", () => {
    const partition = sleeping(5_000);

    const effects = partition.apply(suspended(A, firstOf(1)));

    expect(effects).toEqual([{ kind: "attemptOver", runId: A, attempt: 1, why: "suspended" }]);
    expect(partition.invocation(A)).toMatchObject({
      status: SUSPENDED,
      attempt: 2,
      queueGroup: "",
    });
    expect(partition.leftovers()).toEqual({ timers: 1 });
  });

  test("keeps the lock of its key", () => {
    const partition = startPartition();
    partition.apply(submitted(A, exclusive("k")), appended(A, [sleep(1, 50)]));
    partition.apply(suspended(A, firstOf(1)), submitted(B, exclusive("k")));

    expect(partition.statusOf(B)).toBe(InvocationStatus.INBOXED);
  });

  test("is not let go if it has not seen the last notification: one is on its way to it", () => {
    const partition = sleeping(100, 5_000);
    partition.advanceTo(1_100);

    expect(partition.changesNothing(suspended(A, firstOf(1, 2), { seen: 0 }))).toBe(true);
    expect(partition.statusOf(A)).toBe(READY);

    partition.apply(suspended(A, firstOf(2), { seen: 3 }));
    expect(partition.statusOf(A)).toBe(SUSPENDED);
  });

  test("is not let go if it is not the current one", () => {
    const partition = sleeping(5_000);

    expect(partition.changesNothing(suspended(A, firstOf(1), { attempt: 2 }))).toBe(true);
    expect(partition.changesNothing(suspended(A, firstOf(1), { epoch: 2 }))).toBe(true);
  });

  test("that does not say what it waits for is not let go", () => {
    const partition = sleeping(5_000);
    const event = suspended(A, firstOf(1));
    if (event.case === "suspended") delete event.value.awaiting;

    expect(partition.changesNothing(event)).toBe(true);
  });
});

describe("a suspended invocation", () => {
  test("is ready again when its timer fires", () => {
    const partition = sleeping(5_000);
    partition.apply(suspended(A, firstOf(1)));

    const effects = partition.advanceTo(6_000);

    expect(effects).toEqual([{ kind: "ready", group: "d:dp_1", sequence: 2, runId: A }]);
    expect(partition.story(A)).toEqual(["input", "sleep", "completion"]);
    expect(partition.invocation(A).awaiting).toBeUndefined();
  });

  test("sleeps on, with a smaller tree, until all that it awaits has come, and wakes once", () => {
    const partition = sleeping(100, 200, 300);
    partition.apply(suspended(A, allOf(1, 2)));

    expect(partition.advanceTo(1_100)).toEqual([]);
    expect(partition.invocation(A).awaiting).toEqual(allOf(2));
    expect(kindsOf(partition.advanceTo(1_200))).toEqual(["ready"]);
    // It wants an attempt already: what comes now is only written down (and told to the attempt).
    expect(kindsOf(partition.advanceTo(1_300))).toEqual(["forward"]);
    expect(partition.rows("ready")).toHaveLength(1);
  });

  test("sleeps on when something comes that it does not await", () => {
    const partition = sleeping(100, 5_000);
    partition.apply(suspended(A, firstOf(2)));

    expect(partition.advanceTo(1_100)).toEqual([]);
    expect(partition.statusOf(A)).toBe(SUSPENDED);
    expect(partition.story(A)).toEqual(["input", "sleep", "sleep", "completion"]);
  });

  test("wakes once when two of what it awaits come in one event", () => {
    const partition = sleeping(100, 100);
    partition.apply(suspended(A, firstOf(1, 2)));

    const effects = partition.advanceTo(1_100);

    expect(ofKind(effects, "ready")).toHaveLength(1);
    expect(partition.rows("ready")).toHaveLength(1);
  });

  test("wakes from a signal by number and by name, and from no other", () => {
    for (const [awaited, other] of [
      [17, 18],
      ["go", "stop"],
      ["17", 17],
    ] as const) {
      const partition = sleeping(5_000);
      partition.apply(suspended(A, signalTree(awaited)));

      expect(partition.apply(signalled(idOf(A), signalOf(other)))).toEqual([]);
      expect(kindsOf(partition.apply(signalled(idOf(A), signalOf(awaited))))).toEqual(["ready"]);
    }
  });

  test("wakes from a failure as from a value", () => {
    const partition = sleeping(5_000);
    partition.apply(suspended(A, signalTree("go")));

    const effects = partition.apply(signalled(idOf(A), signalOf("go", failure(410))));

    expect(kindsOf(effects)).toEqual(["ready"]);
  });

  test("has an attempt of a new number when it goes on; the old one is over", () => {
    const partition = sleeping(100);
    partition.apply(suspended(A, firstOf(1)));
    partition.advanceTo(1_100);

    expect(partition.changesNothing(ended(A))).toBe(true);
    partition.apply(ended(A, "done", { attempt: 2 }));
    expect(partition.statusOf(A)).toBe(InvocationStatus.COMPLETED);
  });

  test("wakes in the order in which its wake-ups came, behind what is ready already", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), submitted(B, plain()));
    for (const runId of [A, B]) {
      const wait = runId === A ? 200 : 100;
      partition.apply(appended(runId, [sleep(1, wait)]), suspended(runId, firstOf(1)));
    }

    partition.advanceTo(1_200);

    expect(partition.rows("ready").map((row) => row.value.runId)).toEqual([B, A]);
  });
});

describe("a running attempt", () => {
  test("is told of every notification, with its place in the journal", () => {
    const partition = sleeping(100, 200);
    partition.apply(appended(A, [run(3), proposal(3, "x")]));

    const effects = [
      ...partition.advanceTo(1_100),
      ...partition.apply(signalled(idOf(A), signalOf("go"))),
      ...partition.advanceTo(1_200),
    ];

    expect(ofKind(effects, "forward")).toMatchObject([
      { index: 5, attempt: 1, proposed: false, completion: { completionId: 1 } },
      { index: 6, attempt: 1, proposed: false },
      { index: 7, attempt: 1, proposed: false, completion: { completionId: 2 } },
    ]);
    expect(partition.invocation(A).lastNotification).toBe(7);
  });
});

describe("nested combinators", () => {
  // What comes, in order: a number is a value for that step, a negative one its failure. The last one wakes it.
  test.each<[string, Awaiting, number[]]>([
    ["the first of alls", firstOf(allOf(1, 2), allOf(3, 4)), [1, -3, 4]],
    ["all of firsts", allOf(firstOf(1, 2), firstOf(3, 4)), [1, 2, -4]],
    ["the first of firsts", firstOf(firstOf(1, 2), firstOf(3, 4)), [-3]],
    ["all of alls", allOf(allOf(1, 2), allOf(3, 4)), [1, 3, -2, 4]],
    ["the first success of alls", firstSuccessOf(allOf(1, 2), allOf(3, 4)), [1, -3, 2]],
    [
      "the first success of alls that must succeed",
      firstSuccessOf(allSuccessesOf(1, 2), 3),
      [-1, 3],
    ],
    ["all successes of first successes", allSuccessesOf(firstSuccessOf(1, 2), 3), [-1, 3, 2]],
    ["all successes, one of which fails", allSuccessesOf(firstSuccessOf(1, 2), 3), [1, -3]],
    ["all of a first and a leaf, three deep", allOf(1, firstOf(2, allOf(3, 4))), [3, 1, 4]],
  ])("wake once what they say is so, not earlier: %s", (_, awaiting, arrivals) => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain()),
      appended(
        A,
        [1, 2, 3, 4].map((id) => run(id)),
      ),
    );
    partition.apply(suspended(A, awaiting));

    const woke = arrivals.map((arrival, index) => {
      const result = resultOf(arrival < 0 ? failure(500) : "x");
      const message = completeMessage(A, completionOf(Math.abs(arrival), result));
      return kindsOf(partition.apply(received(3, index + 1, message))).includes("ready");
    });

    expect(woke).toEqual(arrivals.map((_, index) => index === arrivals.length - 1));
  });
});

// Pause: an invocation rests until it is resumed, with all that it has.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { run, sleep } from "../commands.fixture.js";
import {
  A,
  B,
  appended,
  ended,
  exclusive,
  failed,
  firstOf,
  idOf,
  plain,
  proposal,
  resumed,
  retryAt,
  signalOf,
  signalTree,
  signalled,
  submitted,
  suspended,
} from "../events.fixture.js";
import { ofKind, startPartition } from "../partition.fixture.js";
import { pinnedTo } from "../pin.js";
import { paused } from "../verbs.fixture.js";

const { READY, INBOXED, PAUSED } = InvocationStatus;

describe("pause", () => {
  test("invoked, with pinned deployment: its attempt is over, its journal and its pin stay", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [run(1), proposal(1, "x"), run(2)]));

    const effects = partition.apply(paused(idOf(A)));

    expect(effects).toEqual([{ kind: "attemptOver", runId: A, attempt: 1, why: "paused" }]);
    expect(partition.invocation(A)).toMatchObject({ status: PAUSED, deploymentId: "dp_1" });
    expect(pinnedTo(partition, "dp_1")).toBe(1);
    // What the attempt still sends comes to nothing.
    expect(partition.changesNothing(appended(A, [proposal(2, "late")]), ended(A))).toBe(true);
    expect(partition.story(A)).toEqual(["input", "run", "completion", "run"]);
  });

  test("without pinned deployment: goes, when it is resumed, to whatever is the newest then", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), paused(idOf(A)));

    const [ready] = ofKind(partition.apply(resumed(idOf(A))), "ready");

    expect(ready).toMatchObject({ group: "s:Greeter", runId: A });
    expect(partition.invocation(A)).toMatchObject({ deploymentId: "", attempt: 2 });
  });

  test("suspended: it forgets what would wake it, and its sleep goes on in the timer table", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [sleep(1, 100)]), suspended(A, firstOf(1)));

    partition.apply(paused(idOf(A)));

    expect(partition.invocation(A)).toMatchObject({ status: PAUSED, awaiting: undefined });
    expect(partition.leftovers()).toEqual({ timers: 1 });
  });

  test("backing off: its next attempt is not made", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), failed(A, retryAt(2_000)), paused(idOf(A)));

    expect(partition.advanceTo(5_000)).toEqual([]);
    expect(partition.invocation(A)).toMatchObject({ status: PAUSED, dueAt: 0, retryCount: 1 });
    expect(partition.invocation(A).lastFailure?.message).toBe("it broke");
  });

  test("keeps the lock of its key", () => {
    const partition = startPartition();
    partition.apply(submitted(A, exclusive("k")), submitted(B, exclusive("k")));

    partition.apply(paused(idOf(A)));

    expect(partition.statusOf(B)).toBe(INBOXED);
    partition.apply(resumed(idOf(A)), ended(A, "done", { attempt: 2 }));
    expect(partition.statusOf(B)).toBe(READY);
  });
});

describe("completions arriving while paused", () => {
  test("are stored without resuming, and are there when it is resumed", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain()),
      appended(A, [sleep(1, 100)]),
      suspended(A, firstOf(1, signalTree("go"))),
      paused(idOf(A)),
    );

    const effects = partition.advanceTo(1_100);
    effects.push(...partition.apply(signalled(idOf(A), signalOf("go"))));

    expect(effects).toEqual([]);
    expect(partition.statusOf(A)).toBe(PAUSED);
    expect(partition.story(A)).toEqual(["input", "sleep", "completion", "signal"]);
    expect(partition.invocation(A).pending).toEqual([]);

    partition.apply(resumed(idOf(A)));
    // An attempt that has not seen them is not let go: the suspension would sleep for ever.
    expect(partition.changesNothing(suspended(A, firstOf(1), { attempt: 2, seen: 0 }))).toBe(true);
    partition.apply(ended(A, "done", { attempt: 2 }));
    expect(partition.leftovers()).toEqual({ timers: 1 });
  });
});

test("signals received before the deployment is pinned are kept", () => {
  const setups = [
    { events: [submitted(A, plain(), { startAt: 2_000 })], status: READY },
    { events: [submitted(B, exclusive("k")), submitted(A, exclusive("k"))], status: INBOXED },
    { events: [submitted(A, plain())], status: READY },
  ];
  for (const { events, status } of setups) {
    const partition = startPartition();
    partition.apply(...events, signalled(idOf(A), signalOf("go", "x")));
    partition.advanceTo(2_000);

    expect(partition.invocation(A)).toMatchObject({
      status,
      deploymentId: "",
      lastNotification: 1,
    });
    expect(partition.story(A)).toEqual(["input", "signal"]);
  }
});

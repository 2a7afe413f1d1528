// Cancel: what has not started ends at once; what has is told by a signal, wherever it is. What else each state
// asks for, and all other verbs, is the table in verbs.test.ts.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { attach, call, cancel, getOutput, run, setState, sleep } from "../commands.fixture.js";
import {
  A,
  B,
  C,
  D,
  appended,
  attachMessage,
  calleeOf,
  derivedId,
  ended,
  exclusive,
  failed,
  firstOf,
  idOf,
  pause,
  plain,
  reaching,
  received,
  retryAt,
  signalOf,
  signalTree,
  signalled,
  submitted,
  suspended,
} from "../events.fixture.js";
import { Network } from "../network.fixture.js";
import { ofKind, startPartition } from "../partition.fixture.js";
import { readOutput } from "../queries.js";
import { cancelled, rulesReplaced, scoped } from "../verbs.fixture.js";

const { READY, SCHEDULED, INBOXED, SUSPENDED, COMPLETED } = InvocationStatus;

const canceled = { case: "failure", value: { code: 409, message: "canceled" } };

describe("cancel of what has not started", () => {
  test("scheduled: ends it with 409 canceled, tells who waits, and keeps the result", () => {
    const partition = startPartition();
    const options = { startAt: 9_000, tells: [D, 5] as const };
    partition.apply(submitted(A, plain({ kept: 500 }), options));

    const effects = partition.apply(cancelled(idOf(A)));

    expect(ofKind(effects, "completed")).toMatchObject([{ runId: A, output: canceled }]);
    expect(ofKind(effects, "send").map(({ message }) => message.message)).toMatchObject([
      { case: "complete", value: { runId: D, completion: { completionId: 5, result: canceled } } },
    ]);
    expect(partition.story(A)).toEqual(["input", "output"]);
    const invocation = partition.invocation(A);
    expect(readOutput(partition.tables, A, invocation)).toMatchObject(canceled);
    expect(invocation).toMatchObject({ status: COMPLETED, dueAt: 1_500, completedAt: 1_000 });
    // It does not start when its time comes.
    partition.advanceTo(1_400);
    expect(ofKind(partition.advanceTo(9_000), "ready")).toEqual([]);
    expect(partition.statusOf(A)).toBeUndefined();
  });

  test("inboxed: leaves the inbox from its middle, and the others their turn", () => {
    const partition = startPartition();
    const all = [A, B, C, D];
    partition.apply(...all.map((runId) => submitted(runId, exclusive("k"))));

    partition.apply(cancelled(idOf(C)));

    expect(partition.rows("inbox").map((row) => row.value.runId)).toEqual([B, D]);
    expect(partition.statusOf(A)).toBe(READY);
    partition.apply(ended(A));
    expect([partition.statusOf(B), partition.statusOf(D)]).toEqual([READY, INBOXED]);
    partition.apply(ended(B));
    expect(partition.statusOf(D)).toBe(READY);
    partition.apply(ended(D));
    expect(partition.tables.locks.get(objectKeyOf(partition))).toBeUndefined();
  });

  test("inboxed, as the only one: the lock is free when its holder ends", () => {
    const partition = startPartition();
    partition.apply(submitted(A, exclusive("k")), submitted(B, exclusive("k")));

    partition.apply(cancelled(idOf(B)), ended(A), submitted(C, exclusive("k")));

    expect(partition.statusOf(C)).toBe(READY);
  });

  test("that waits for a limit with the lock of its key in hand: hands the lock on", () => {
    const partition = startPartition();
    const target = scoped(exclusive("k"), "s");
    partition.apply(rulesReplaced({ s: 0 }), submitted(A, target), submitted(B, target));
    expect(partition.invocation(A).queueGroup).not.toBe("");
    expect(partition.invocation(B).queueGroup).toBe("");

    partition.apply(cancelled(idOf(A)));

    expect(partition.statusOf(A)).toBe(COMPLETED);
    expect(partition.invocation(B).queueGroup).not.toBe("");
    partition.apply(rulesReplaced({}));
    expect(partition.statusOf(B)).toBe(READY);
  });

  test("and is kept for no time: leaves nothing", () => {
    const partition = startPartition();
    const none = { kept: 0 };
    partition.apply(
      submitted(A, plain(none), { startAt: 9_000 }),
      submitted(B, exclusive("k", none)),
      submitted(C, exclusive("k", none)),
    );

    partition.apply(cancelled(idOf(A)), cancelled(idOf(C)), ended(B));

    expect(partition.content().filter((row) => !row.startsWith("sequences"))).toEqual([]);
  });

  test("that was attached to, is looked at and is met again under its key: tells all", () => {
    const partition = startPartition();
    const id = derivedId("once");
    partition.apply(submitted(A, plain(), { id, startAt: 9_000, idempotencyKey: "once" }));
    partition.apply(received(3, 1, attachMessage(id, [D, 1, 3])));

    const told = ofKind(partition.apply(cancelled(id)), "send");
    told.push(...ofKind(partition.apply(received(3, 2, attachMessage(id, [D, 2, 3]))), "send"));
    told.push(
      ...ofKind(partition.apply(received(3, 3, attachMessage(id, [D, 3, 3], "peek"))), "send"),
    );

    expect(told.map(({ message }) => message.message.value)).toMatchObject(
      [1, 2, 3].map((completionId) => ({
        runId: D,
        completion: { completionId, result: canceled },
      })),
    );
    const [met] = ofKind(partition.applyFor(1, submitted(B, plain(), { id })), "submitted");
    expect(met?.submission).toMatchObject({ accepted: false, output: canceled });
  });
});

function objectKeyOf(partition: ReturnType<typeof startPartition>): string {
  const { target } = partition.invocation(A);
  return `${target?.service ?? ""}\u0000${target?.key ?? ""}\u0000`;
}

const cancelSignal = {
  body: { case: "signal", value: { signal: { case: "id", value: 1 }, result: { case: "void" } } },
};

describe("cancel of what has started", () => {
  test("invoked: a signal in its journal, told to its attempt, which goes on", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [run(1)]));

    const effects = partition.apply(cancelled(idOf(A)));

    expect(effects).toMatchObject([{ kind: "forward", runId: A, attempt: 1, index: 2 }]);
    expect(partition.journal(A).at(-1)).toMatchObject(cancelSignal);
    // It compensates, and ends as it sees fit.
    partition.apply(appended(A, [compensation()]), ended(A, "undone"));
    expect(partition.statusOf(A)).toBe(COMPLETED);
  });

  test("without pinned deployment: the signal is kept, and the first attempt finds it", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()));

    partition.apply(cancelled(idOf(A)));

    expect(partition.invocation(A)).toMatchObject({ deploymentId: "", status: READY });
    expect(partition.story(A)).toEqual(["input", "signal"]);
  });

  test("suspended: wakes it where it awaits the signal", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain()),
      appended(A, [sleep(1, 60_000)]),
      suspended(A, firstOf(1, signalTree(1))),
    );

    expect(partition.apply(cancelled(idOf(A)))).toMatchObject([{ kind: "ready", runId: A }]);

    expect(partition.invocation(A)).toMatchObject({ status: READY, awaiting: undefined });
    partition.apply(ended(A, "stopped", { attempt: 2 }));
    // The sleep that nobody awaits any more has no timer, the result has.
    expect(partition.leftovers()).toEqual({ timers: 1 });
  });

  test("suspended, where the code asked not to be interrupted: it sleeps on, and finds it later", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [sleep(1, 500)]), suspended(A, firstOf(1)));

    expect(partition.apply(cancelled(idOf(A)))).toEqual([]);

    expect(partition.statusOf(A)).toBe(SUSPENDED);
    partition.advanceTo(1_500);
    expect(partition.story(A)).toEqual(["input", "sleep", "signal", "completion"]);
    expect(partition.statusOf(A)).toBe(READY);
  });

  test("backing off: the next attempt comes now, and its timer is gone", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), failed(A, retryAt(60_000)));

    partition.apply(cancelled(idOf(A)));

    expect(partition.invocation(A)).toMatchObject({ status: READY, attempt: 2, dueAt: 0 });
    expect(partition.leftovers()).toEqual({ ready: 1 });
    expect(partition.advanceTo(60_000)).toEqual([]);
  });

  test("a cancel signal while paused resumes", () => {
    for (const how of [cancelled(idOf(A)), signalled(idOf(A), signalOf(1))]) {
      const partition = startPartition();
      partition.apply(submitted(A, plain()), appended(A, [run(1)]), failed(A, pause));

      const effects = partition.apply(how);

      expect(effects).toMatchObject([{ kind: "ready", group: "d:dp_1", runId: A }]);
      expect(partition.invocation(A)).toMatchObject({ status: READY, attempt: 2 });
      expect(partition.journal(A).at(-1)).toMatchObject({ body: { case: "signal" } });
    }
  });

  test("twice: two signals, which the code tells apart or not", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), cancelled(idOf(A)), cancelled(idOf(A)));

    expect(partition.story(A)).toEqual(["input", "signal", "signal"]);
  });
});

/** A further step. */
function compensation(): ReturnType<typeof run> {
  return run(9);
}

describe("cancel by a signal or by a command", () => {
  test("does what the verb does, in every state that has not ended", () => {
    const setups = [
      [submitted(A, plain(), { startAt: 9_000 })],
      [submitted(B, exclusive("k")), submitted(A, exclusive("k"))],
      [submitted(A, plain())],
      [submitted(A, plain()), failed(A, retryAt(9_000))],
      [submitted(A, plain()), failed(A, pause)],
      [submitted(A, plain()), suspended(A, firstOf(1, signalTree(1)))],
    ];
    for (const setup of setups) {
      const [byVerb, bySignal] = [startPartition(), startPartition()];
      byVerb.apply(...setup, cancelled(idOf(A)));
      bySignal.apply(...setup, signalled(idOf(A), signalOf(1)));

      expect(bySignal.statusOf(A)).toBe(byVerb.statusOf(A));
      expect(bySignal.leftovers()).toEqual(byVerb.leftovers());
      expect(bySignal.story(A)).toEqual(byVerb.story(A));
    }
  });

  test("of a handler reaches the other invocation, wherever it lives", () => {
    const network = new Network();
    const callee = idOf(B, 5);
    network.apply(5, submitted(B, plain(), { id: callee, startAt: 9_000 }));
    network.apply(0, submitted(A, plain()));

    network.apply(0, appended(A, [reaching(cancel(callee), calleeOf(callee, { partition: 5 }))]));

    expect(network.at(5).statusOf(B)).toBe(COMPLETED);
    expect(network.at(0).story(A)).toEqual(["input", "cancel"]);
    expect(network.at(5).statusOf(B)).not.toBe(SCHEDULED);
  });

  test("of a caller does not by itself reach what it has called: its code does that", () => {
    const network = new Network();
    const callee = idOf(B, 5);
    const facts = calleeOf(callee, { partition: 5, runId: B, target: plain() });
    network.apply(0, submitted(A, plain()), appended(A, [reaching(call(1, 2), facts)]));

    network.apply(0, cancelled(idOf(A)));
    expect(network.at(5).story(B)).toEqual(["input"]);

    network.apply(0, appended(A, [reaching(cancel(callee), calleeOf(callee, { partition: 5 }))]));
    expect(network.at(5).story(B)).toEqual(["input", "signal"]);
    // The callee ends as canceled, and that is what the caller is told.
    network.apply(5, ended(B, "given up"));
    expect(network.at(0).story(A).at(-1)).toBe("completion");
  });
});

describe("attach and get output commands of one that is cancelled before it starts", () => {
  test("are completed with 409 canceled", () => {
    const network = new Network();
    const other = idOf(B, 5);
    network.apply(5, submitted(B, plain(), { id: other, startAt: 9_000 }));
    network.apply(0, submitted(A, plain()));
    const facts = calleeOf(other, { partition: 5 });
    network.apply(0, appended(A, [reaching(attach(1), facts)]), cancelled(idOf(C)));

    network.apply(5, cancelled(other));
    network.apply(0, appended(A, [reaching(getOutput(2), facts)]));

    const results = network
      .at(0)
      .journal(A)
      .flatMap(({ body }) => {
        return body.case === "completion" ? [body.value] : [];
      });
    expect(results).toMatchObject([
      { completionId: 1, result: canceled },
      { completionId: 2, result: canceled },
    ]);
    expect(network.at(0).invocation(A).pending).toEqual([]);
  });
});

test("state that was written before a cancel stays", () => {
  const partition = startPartition();
  partition.apply(submitted(A, exclusive("k")), appended(A, [setState("s", "1")]));

  partition.apply(cancelled(idOf(A)), ended(A));

  expect(partition.rows("state")).toHaveLength(1);
});

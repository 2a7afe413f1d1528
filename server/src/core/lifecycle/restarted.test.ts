// Restart as new: one that has ended runs again as another, with the same input, and with as much of its journal
// as asked.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { completionOf } from "@perdure/protocol/messages";
import {
  call,
  completePromise,
  getPromise,
  getState,
  getStateEagerly,
  run,
  send,
  setState,
  sleep,
} from "../commands.fixture.js";
import type { VerbOutcome } from "../effect.js";
import {
  A,
  B,
  C,
  D,
  appended,
  calleeOf,
  completeMessage,
  derivedId,
  ended,
  exclusive,
  failed,
  firstOf,
  idOf,
  pause,
  plain,
  proposal,
  reaching,
  received,
  resultOf,
  signalOf,
  signalled,
  submitted,
  suspended,
  textOf,
  workflowRun,
  workflowShared,
  type Item,
} from "../events.fixture.js";
import { ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";
import { pinnedTo } from "../pin.js";
import {
  killed,
  purged,
  restarted,
  rulesReplaced,
  scoped,
  type RestartOptions,
} from "../verbs.fixture.js";

const { READY, INBOXED, COMPLETED } = InvocationStatus;

function outcomeOf(partition: PartitionUnderTest, options?: RestartOptions): VerbOutcome {
  const effects = partition.applyFor(7, restarted(idOf(A), C, options));
  const [answer] = ofKind(effects, "answered");
  if (answer === undefined) throw new Error("nobody was answered");
  return answer.outcome;
}

/** A has done this, and has ended. */
function after(...items: Item[]): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(submitted(A, plain(), { parameter: "Ada" }), appended(A, items), ended(A, "old"));
  return partition;
}

const callee = calleeOf(idOf(B, 5), { partition: 5, runId: B, target: plain() });

describe("restart as new", () => {
  test("input only: a new invocation with the old input, which has not started", () => {
    const partition = after(run(1), proposal(1, "x"));
    partition.nowMs = 3_000;

    expect(outcomeOf(partition)).toBe("done");

    expect(partition.story(C)).toEqual(["input"]);
    const [input] = partition.journal(C);
    const parameter = input?.body.case === "input" ? input.body.value.value : undefined;
    expect(textOf(parameter)).toBe("Ada");
    expect(partition.invocation(C)).toMatchObject({
      id: idOf(C),
      status: READY,
      attempt: 1,
      createdAt: 3_000,
      deploymentId: "",
      queueGroup: "s:Greeter",
      restartedFrom: idOf(A),
      idempotencyKey: "",
      lastNotification: 0,
      entryCount: 1,
      randomSeed: partition.invocation(A).randomSeed,
    });
    // The old one is what it was.
    expect(partition.invocation(A)).toMatchObject({ status: COMPLETED, completedAt: 1_000 });
    expect(partition.story(A)).toEqual(["input", "run", "completion", "output"]);
    partition.apply(ended(C, "new"));
    expect(partition.statusOf(C)).toBe(COMPLETED);
  });

  test("with another deployment: the new one is pinned to it, and the old one is not", () => {
    const partition = after(run(1), proposal(1, "x"));

    partition.apply(restarted(idOf(A), C, { from: 1, deploymentId: "dp_2" }));

    expect(partition.invocation(C)).toMatchObject({ deploymentId: "dp_2", queueGroup: "d:dp_2" });
    expect([pinnedTo(partition, "dp_1"), pinnedTo(partition, "dp_2")]).toEqual([0, 1]);
  });

  test("killed one: runs again", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [run(1)]), killed(idOf(A)));

    expect(outcomeOf(partition)).toBe("done");
    expect(partition.story(C)).toEqual(["input"]);
  });

  test("object gets inboxed: it waits for the lock of its key as any other", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, exclusive("k")),
      ended(A),
      submitted(B, exclusive("k")),
      submitted(D, exclusive("k")),
    );

    expect(outcomeOf(partition)).toBe("done");

    expect(partition.statusOf(C)).toBe(INBOXED);
    partition.apply(ended(B), ended(D));
    expect(partition.statusOf(C)).toBe(READY);
  });

  test("in a scope: waits for its limit, and counts", () => {
    const partition = startPartition();
    const target = scoped(plain(), "s", "k");
    partition.apply(rulesReplaced({ s: 1 }), submitted(A, target), ended(A), submitted(B, target));

    partition.apply(restarted(idOf(A), C));

    expect(partition.statusOf(C)).toBe(INBOXED);
    partition.apply(ended(B));
    expect(partition.invocation(C)).toMatchObject({ status: READY, counted: true });
  });

  test("of an idempotent call: a new id, and the old key stays with the old one", () => {
    const partition = startPartition();
    const id = derivedId("once");
    partition.apply(submitted(A, plain(), { id, idempotencyKey: "once" }), ended(A));

    partition.apply(restarted(id, C));

    expect(partition.currentRun(id)).toBe(A);
    expect(partition.currentRun(idOf(C))).toBe(C);
    expect(partition.invocation(C)).toMatchObject({ restartedFrom: id, idempotencyKey: "" });
  });

  test("is kept for as long as the old one's journal: nobody can ask for its result by a key", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain({ kept: 500, journalKept: 100 })), ended(A));

    partition.apply(restarted(idOf(A), C), ended(C));

    expect(partition.invocation(C)).toMatchObject({ completionRetention: 100, dueAt: 1_100 });
    partition.advanceTo(1_100);
    expect(partition.statusOf(C)).toBeUndefined();
    expect(partition.statusOf(A)).toBe(COMPLETED);
  });

  test("state that the old one wrote is not taken back", () => {
    const partition = startPartition();
    partition.apply(submitted(A, exclusive("k")), appended(A, [setState("s", "1")]), ended(A));

    partition.apply(restarted(idOf(A), C));

    expect(partition.leftovers()).toEqual({ state: 1, ready: 1, timers: 1 });
  });

  test("any number of times, also of what was restarted", () => {
    const partition = after();
    partition.apply(restarted(idOf(A), B), restarted(idOf(A), C), ended(B));

    partition.apply(restarted(idOf(B), D));

    expect(partition.invocation(D).restartedFrom).toBe(idOf(B));
    expect([B, C, D].map((runId) => partition.statusOf(runId))).toEqual([COMPLETED, READY, READY]);
  });
});

describe("restart from a journal prefix", () => {
  test("prefix copy: entries up to the index, and the results of its commands from behind it", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain()),
      appended(A, [run(1), run(2), run(3)]),
      appended(A, [proposal(3, "third"), proposal(1, "first"), proposal(2, "second")]),
      ended(A),
    );

    expect(outcomeOf(partition, { from: 2 })).toBe("done");

    expect(partition.story(C)).toEqual(["input", "run", "run", "completion", "completion"]);
    const ids = partition.journal(C).flatMap(({ body }) => {
      return body.case === "completion" ? [body.value.completionId] : [];
    });
    expect(ids).toEqual([1, 2]);
    expect(partition.invocation(C)).toMatchObject({
      entryCount: 5,
      lastNotification: 4,
      pending: [],
    });
    // The attempt goes on from there: the third step is new to it.
    partition.apply(appended(C, [run(3), proposal(3, "again")]), ended(C));
    expect(partition.statusOf(C)).toBe(COMPLETED);
  });

  test("of each kind of command takes its answer along", () => {
    const cases: [Item[], (string | undefined)[]][] = [
      [
        [run(1), proposal(1, "x")],
        ["input", "run", "completion"],
      ],
      [[getState(1, "s")], ["input", "getState", "completion"]],
      [[getStateEagerly(1, "s", "x")], ["input", "getState"]],
      [[setState("s", "1")], ["input", "setState"]],
      [[reaching(send(1), callee)], ["input", "send", "completion"]],
    ];
    for (const [items, story] of cases) {
      const partition = startPartition();
      partition.apply(submitted(A, exclusive("k")), appended(A, [...items, run(8)]), ended(A));

      expect(outcomeOf(partition, { from: 1 })).toBe("done");
      expect(partition.story(C)).toEqual(story);
    }
  });

  test("call: its id and its result go along, and nobody is called again", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), appended(A, [reaching(call(1, 2), callee), run(3)]));
    const result = completeMessage(A, completionOf(2, resultOf("x")));
    partition.apply(received(5, 1, result), ended(A));
    const outbox = partition.rows("outbox").length;

    expect(outcomeOf(partition, { from: 1 })).toBe("done");

    expect(partition.story(C)).toEqual(["input", "call", "completion", "completion"]);
    expect(partition.rows("outbox")).toHaveLength(outbox);
  });

  test("sleep: it is not slept again, and leaves no timer", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain({ kept: 500 })), appended(A, [sleep(1, 100)]));
    partition.advanceTo(1_100);
    partition.apply(ended(A));

    expect(outcomeOf(partition, { from: 1 })).toBe("done");

    expect(partition.story(C)).toEqual(["input", "sleep", "completion"]);
    expect(partition.leftovers()).toEqual({ ready: 1, timers: 1 });
  });

  test("a result that was shown before it was recorded comes where the code saw it, as far as that goes along", () => {
    const partition = after(
      run(1),
      run(2),
      run(3),
      proposal(3, "other"),
      proposal(1, "one", { shownAfter: 0 }),
      proposal(2, "two", { shownAfter: 5 }),
    );
    const shownAfter = (runId: string): (number | undefined)[] =>
      partition.journal(runId).flatMap(({ body }) => {
        return body.case === "completion" ? [body.value.shownAfter] : [];
      });
    expect(shownAfter(A)).toEqual([undefined, 0, 5]);

    partition.apply(restarted(idOf(A), C, { from: 2 }));
    expect(partition.story(C)).toEqual(["input", "run", "run", "completion", "completion"]);
    expect(shownAfter(C)).toEqual([0, 3]);
  });

  test("signals within the prefix go along; those behind it don't", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain()),
      signalled(idOf(A), signalOf("go")),
      appended(A, [run(1)]),
      signalled(idOf(A), signalOf("stop")),
      appended(A, [proposal(1, "x")]),
      ended(A),
    );

    partition.apply(restarted(idOf(A), C, { from: 2 }));

    expect(partition.story(C)).toEqual(["input", "signal", "run", "completion"]);
    expect(partition.invocation(C).lastNotification).toBe(3);
  });

  test("index out of range: the output, and what is behind it, can't be taken", () => {
    for (const from of [3, 4, 99, 0xffff_ffff]) {
      const partition = after(run(1), proposal(1, "x"));

      expect(outcomeOf(partition, { from })).toBe("outOfRange");
      expect(partition.statusOf(C)).toBeUndefined();
    }
    expect(outcomeOf(after(run(1), proposal(1, "x")), { from: 2 })).toBe("done");
  });

  test.each<[string, Item[]]>([
    ["a step", [run(1)]],
    ["a sleep", [sleep(1, 60_000)]],
    ["a call's result", [reaching(call(1, 2), callee)]],
  ])("incomplete: %s that has no answer can't be taken", (_, items) => {
    const partition = after(...items);

    expect(outcomeOf(partition, { from: 1 })).toBe("incomplete");
    expect(partition.statusOf(C)).toBeUndefined();
    expect(outcomeOf(partition, { from: 0 })).toBe("done");
  });

  test("of a workflow's shared handler: a promise that it waited for goes along once it was completed", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, workflowShared("w")),
      appended(A, [getPromise(1, "p"), completePromise(2, "p", "kept"), getPromise(3, "never")]),
      ended(A),
    );

    expect(outcomeOf(partition, { from: 4 })).toBe("done");
    expect(partition.story(C).slice(0, 3)).toEqual(["input", "getPromise", "completePromise"]);
    expect(outcomeOf(partition, { from: 5 })).toBe("incomplete");
  });
});

describe("restart is refused", () => {
  test("missing journal: what is purged can't be repeated", () => {
    const partition = after(run(1), proposal(1, "x"));
    partition.apply(purged(idOf(A), "journal"));

    expect(outcomeOf(partition)).toBe("inputGone");
    expect(outcomeOf(partition, { from: 1 })).toBe("inputGone");
  });

  test("of a workflow's run, which runs once", () => {
    const partition = startPartition();
    const id = derivedId("w");
    partition.apply(submitted(A, workflowRun("w"), { id }), ended(A));

    const [answer] = ofKind(partition.applyFor(7, restarted(id, C)), "answered");

    expect(answer?.outcome).toBe("isWorkflow");
  });

  test("of one that has not ended, whatever it does", () => {
    for (const event of [appended(A, [run(1)]), suspended(A, firstOf(1)), failed(A, pause)]) {
      const partition = startPartition();
      partition.apply(submitted(A, plain()), event);

      expect(outcomeOf(partition)).toBe("running");
      expect(partition.statusOf(C)).toBeUndefined();
    }
  });
});

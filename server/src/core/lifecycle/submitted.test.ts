import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { InvariantViolation } from "@perdure/protocol/assert";
import {
  A,
  B,
  C,
  beside,
  derivedId,
  ended,
  exclusive,
  idOf,
  plain,
  submitted,
  workflowRun,
  workflowShared,
} from "../events.fixture.js";
import { ofKind, startPartition } from "../partition.fixture.js";

const { READY, SCHEDULED, COMPLETED } = InvocationStatus;

describe("a submission", () => {
  test("becomes an invocation that wants an attempt, its input the first entry of its journal", () => {
    const partition = startPartition();

    const effects = partition.applyFor(7, submitted(A, plain(), { parameter: "Ada" }));

    const invocation = partition.invocation(A);
    expect(invocation).toMatchObject({ id: idOf(A), status: READY, attempt: 1, entryCount: 1 });
    expect(invocation).toMatchObject({ createdAt: 1_000, progressAt: 1_000, modifiedAt: 1_000 });
    expect(partition.story(A)).toEqual(["input"]);
    expect(effects).toEqual([
      { kind: "ready", group: "s:Greeter", sequence: 1, runId: A },
      {
        kind: "submitted",
        token: 7,
        submission: { id: idOf(A), runId: A, accepted: true, invocation },
      },
    ]);
    expect(partition.rows("ready").map((row) => row.value.runId)).toEqual([A]);
  });

  test("that nobody waits for is answered to nobody", () => {
    const effects = startPartition().apply(submitted(A, plain()));

    expect(ofKind(effects, "submitted")).toEqual([]);
  });

  test("is ready in order of arrival", () => {
    const partition = startPartition();

    partition.apply(submitted(C, plain()), submitted(A, plain()), submitted(B, plain()));

    expect(partition.rows("ready").map((row) => row.value.runId)).toEqual([C, A, B]);
  });

  test("without a target is a mistake of the program and changes nothing", () => {
    const partition = startPartition();
    const event = submitted(A, plain());
    if (event.case === "submitted") delete event.value.invocation?.target;

    expect(() => partition.apply(event)).toThrow(InvariantViolation);
    expect(partition.content()).toEqual([]);
  });
});

describe("a delayed submission", () => {
  test("is scheduled: it has a timer, and wants no attempt yet", () => {
    const partition = startPartition();

    const effects = partition.applyFor(1, submitted(A, plain(), { startAt: 5_000 }));

    expect(partition.invocation(A)).toMatchObject({ status: SCHEDULED, dueAt: 5_000 });
    expect(ofKind(effects, "armTimer")).toEqual([
      { kind: "armTimer", dueAt: 5_000, retention: false },
    ]);
    expect(ofKind(effects, "submitted")[0]?.submission.invocation.dueAt).toBe(5_000);
    expect(partition.leftovers()).toEqual({ timers: 1 });
  });

  test("whose time has passed is ready at once", () => {
    const partition = startPartition({ nowMs: 5_000 });

    partition.apply(submitted(A, plain(), { startAt: 5_000 }));

    expect(partition.statusOf(A)).toBe(READY);
  });

  test("takes the lock of its key when it starts, not before", () => {
    const partition = startPartition();
    partition.apply(submitted(A, exclusive("k"), { startAt: 5_000 }));

    partition.apply(submitted(B, exclusive("k")));
    partition.advanceTo(5_000);

    expect(partition.statusOf(B)).toBe(READY);
    expect(partition.statusOf(A)).toBe(InvocationStatus.INBOXED);
  });

  test("may be for a day that no calendar knows", () => {
    const partition = startPartition();

    partition.apply(submitted(A, plain(), { startAt: 1e300 }));

    expect(partition.statusOf(A)).toBe(SCHEDULED);
    expect(partition.advanceTo(4_000_000_000_000)).toEqual([]);
  });
});

describe("a workflow", () => {
  const id = derivedId("Signup/ada");

  test("runs once for its key: the second submission meets the first", () => {
    const partition = startPartition();
    partition.apply(submitted(A, workflowRun("ada"), { id }));

    const effects = partition.applyFor(2, submitted(B, workflowRun("ada"), { id }));

    expect(effects).toEqual([
      {
        kind: "submitted",
        token: 2,
        submission: { id, runId: A, accepted: false, invocation: partition.invocation(A) },
      },
    ]);
    expect(partition.statusOf(B)).toBeUndefined();
    expect(partition.currentRun(id)).toBe(A);
  });

  test("that is submitted again and changes nothing leaves no record", () => {
    const partition = startPartition();
    partition.apply(submitted(A, workflowRun("ada"), { id }));

    expect(partition.changesNothing(submitted(B, workflowRun("ada"), { id }))).toBe(true);
  });

  test("that has ended gives its result to a second submission", () => {
    const partition = startPartition();
    partition.apply(submitted(A, workflowRun("ada"), { id }), ended(A, "welcome"));

    const effects = partition.applyFor(2, submitted(B, workflowRun("ada"), { id }));

    const [again] = ofKind(effects, "submitted");
    expect(again?.submission).toMatchObject({ runId: A, accepted: false });
    expect(again?.submission.output?.case).toBe("value");
  });

  test("that is called again from a handler tells the caller 409, running or ended", () => {
    const partition = startPartition();
    partition.apply(submitted(A, workflowRun("ada"), { id }));

    const whileRunning = partition.apply(
      submitted(B, workflowRun("ada"), { id, tells: [C, 4, 9] }),
    );
    partition.apply(ended(A));
    const afterwards = partition.apply(submitted(B, workflowRun("ada"), { id, tells: [C, 6, 9] }));

    for (const effects of [whileRunning, afterwards]) {
      const [sent] = ofKind(effects, "send");
      expect(sent).toMatchObject({ to: 9, message: { message: { case: "complete" } } });
      expect(sent?.message.message.value).toMatchObject({
        runId: C,
        completion: {
          result: {
            case: "failure",
            value: { code: 409, message: "the workflow method was already invoked" },
          },
        },
      });
    }
    expect(partition.invocation(A).sinks).toEqual([]);
  });

  test("may be run anew when its retention is over, as another life", () => {
    const partition = startPartition();
    partition.apply(submitted(A, workflowRun("ada", { kept: 500 }), { id }), ended(A));
    partition.advanceTo(1_500);

    partition.apply(submitted(B, workflowRun("ada"), { id }));

    expect(partition.statusOf(A)).toBeUndefined();
    expect(partition.currentRun(id)).toBe(B);
    expect(partition.statusOf(B)).toBe(READY);
  });

  test("has its shared handlers beside it, before and after its run", () => {
    const partition = startPartition();

    partition.apply(submitted(B, workflowShared("ada")), submitted(A, workflowRun("ada"), { id }));

    expect(partition.statusOf(A)).toBe(READY);
    expect(partition.statusOf(B)).toBe(READY);
  });
});

describe("an idempotency key", () => {
  const id = derivedId("Greeter/once");
  const once = { id, idempotencyKey: "once" };

  test("lets a second submission meet the first", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain(), once));

    const effects = partition.applyFor(2, submitted(B, plain(), once));

    expect(ofKind(effects, "submitted")[0]?.submission).toMatchObject({
      runId: A,
      accepted: false,
    });
    expect(partition.statusOf(B)).toBeUndefined();
    expect(partition.invocation(A).idempotencyKey).toBe("once");
  });

  test("lets a second call from a handler latch on to the first: both are told the result", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain(), { ...once, tells: [C, 2, 5] }),
      submitted(B, plain(), { ...once, tells: [C, 4, 6] }),
    );

    const sent = ofKind(partition.apply(ended(A, "hello")), "send");

    expect(sent.map(({ to, message }) => [to, message.message.value])).toMatchObject([
      [5, { runId: C, completion: { completionId: 2, result: { case: "value" } } }],
      [6, { runId: C, completion: { completionId: 4, result: { case: "value" } } }],
    ]);
  });

  test("gives a call that comes after the end the result at once", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain(), once), ended(A, "hello"));

    const effects = partition.apply(submitted(B, plain(), { ...once, tells: [C, 2, 5] }));

    expect(ofKind(effects, "send")).toMatchObject([
      { to: 5, message: { message: { value: { completion: { completionId: 2 } } } } },
    ]);
    expect(partition.statusOf(A)).toBe(COMPLETED);
  });
});

describe("invocations of one object key", () => {
  test("run one at a time, in the order in which they were accepted", () => {
    const partition = startPartition();
    const order = [B, C, A];

    for (const runId of order) partition.apply(submitted(runId, exclusive("k")));

    const started: string[] = [];
    for (const [index, runId] of order.entries()) {
      expect(partition.rows("ready").map((row) => row.value.runId)).toEqual([runId]);
      expect(partition.rows("inbox")).toHaveLength(order.length - 1 - index);
      started.push(...ofKind(partition.apply(ended(runId)), "ready").map((e) => e.runId));
    }
    expect(started).toEqual([C, A]);
    expect(partition.leftovers()).toEqual({ timers: 3 });
  });

  test("don't wait for those of other keys, nor for shared handlers of their own", () => {
    const partition = startPartition();

    partition.apply(
      submitted(A, exclusive("k")),
      submitted(B, exclusive("other")),
      submitted(C, beside("k")),
    );

    for (const runId of [A, B, C]) expect(partition.statusOf(runId)).toBe(READY);
    expect(partition.rows("inbox")).toEqual([]);
  });

  test("are told apart by keys of any text", () => {
    const partition = startPartition();
    const keys = ["", "\u0000", "\u0001", "\u0000\u0000", "ä", "a", "ab", "日本", "\u0001\u0001"];

    for (const [n, key] of keys.entries()) partition.apply(submitted(`run-${n}`, exclusive(key)));

    expect(partition.rows("inbox")).toEqual([]);
    expect(partition.rows("ready")).toHaveLength(keys.length);
  });
});

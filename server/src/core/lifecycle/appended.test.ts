import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { FailureSchema } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { run, setState, sleep } from "../commands.fixture.js";
import { CommandRejected } from "../context.js";
import {
  A,
  B,
  appended,
  attemptLost,
  ended,
  exclusive,
  failed,
  failure,
  firstOf,
  output,
  plain,
  proposal,
  resultOf,
  retryAt,
  submitted,
  suspended,
} from "../events.fixture.js";
import { kindsOf, ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";

const { READY, COMPLETED } = InvocationStatus;

function running(): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(submitted(A, exclusive("k")));
  return partition;
}

describe("progress of an attempt", () => {
  test("is appended to the journal in the order in which the code made it", () => {
    const partition = running();

    partition.apply(
      appended(A, [run(1, "charge"), sleep(2, 100)]),
      appended(A, [proposal(1, "ok")]),
    );

    expect(partition.story(A)).toEqual(["input", "run", "sleep", "completion"]);
    expect(partition.invocation(A)).toMatchObject({ entryCount: 4, lastNotification: 3 });
    expect(partition.journal(A)[1]?.name).toBe("charge");
  });

  test("keeps after what the code was shown a result that was not recorded", () => {
    const partition = running();

    partition.apply(appended(A, [run(1), proposal(1, "early", { shownAfter: 0 })]));

    expect(partition.journal(A)[2]?.body.value).toMatchObject({ completionId: 1, shownAfter: 0 });
  });

  test("pins the invocation to the deployment that made the first of it", () => {
    const partition = running();

    partition.apply(appended(A, [run(1)], { deploymentId: "dp_1" }));
    partition.apply(appended(A, [run(2)], { deploymentId: "dp_2" }));
    partition.apply(failed(A, retryAt(2_000)));
    const [ready] = ofKind(partition.advanceTo(2_000), "ready");

    expect(partition.invocation(A).deploymentId).toBe("dp_1");
    expect(ready?.group).toBe("d:dp_1");
  });

  test("begins the count of failed attempts anew", () => {
    const partition = running();
    partition.apply(failed(A, retryAt(2_000)));
    partition.advanceTo(2_000);
    expect(partition.invocation(A).retryCount).toBe(1);

    partition.nowMs = 2_500;
    partition.apply(appended(A, [run(1)], { attempt: 2 }));

    expect(partition.invocation(A)).toMatchObject({ retryCount: 0, progressAt: 2_500 });
  });
});

describe("progress of an attempt that is not the current one", () => {
  const late = appended(A, [setState("seen", "twice")]);

  test.each([
    ["of an older number", appended(A, [run(1)], { attempt: 0 })],
    ["of a number that was never given", appended(A, [run(1)], { attempt: 2 })],
    ["of another epoch", appended(A, [run(1)], { epoch: 2 })],
    ["without a number", { case: "appended" as const, value: without("attempt") }],
    ["of a run that never was", appended(B, [run(1)])],
  ])("is dropped: %s", (_, event) => {
    expect(running().changesNothing(event)).toBe(true);
  });

  test("is dropped after the attempt failed, was lost, was suspended or ended", () => {
    const over = [
      failed(A, retryAt(9_000)),
      attemptLost(A),
      suspended(A, firstOf(1)),
      ended(A, "done"),
    ];
    for (const end of over) {
      const partition = running();
      partition.apply(appended(A, [sleep(1, 60_000)]), end);

      expect(partition.changesNothing(late)).toBe(true);
    }
  });

  test("is dropped after a restart, although its counter is the current one", () => {
    const partition = running();
    partition.restart();

    expect(partition.changesNothing(late)).toBe(true);
    expect(partition.changesNothing(appended(A, [run(1)], { epoch: 2 }))).toBe(false);
  });
});

describe("a step's result", () => {
  test("is recorded, and the attempt is told that its proposal was taken", () => {
    const partition = running();
    partition.apply(appended(A, [run(1)]));

    const effects = partition.apply(appended(A, [proposal(1, "ok")]));

    expect(effects).toMatchObject([
      { kind: "forward", runId: A, attempt: 1, index: 2, proposed: true },
    ]);
    expect(partition.journal(A)[2]?.body.value).toMatchObject({
      completionId: 1,
      result: resultOf("ok"),
    });
    expect(partition.invocation(A).pending).toEqual([]);
  });

  test("is recorded once: a second proposal is dropped, in the same event and later", () => {
    const partition = running();
    partition.apply(appended(A, [run(1), proposal(1, "first"), proposal(1, "second")]));

    const effects = partition.apply(appended(A, [proposal(1, "third")]));

    expect(partition.story(A)).toEqual(["input", "run", "completion"]);
    expect(partition.journal(A)[2]?.body.value).toMatchObject({ result: resultOf("first") });
    expect(effects).toEqual([]);
  });

  test("may come from a later attempt, when the one that ran the step did not record it", () => {
    const partition = running();
    partition.apply(appended(A, [run(1)]), attemptLost(A));

    partition.apply(appended(A, [proposal(1, failure(500))], { attempt: 2 }));

    expect(partition.story(A)).toEqual(["input", "run", "completion"]);
  });

  test("for a step that was never begun is dropped", () => {
    const partition = running();

    partition.apply(appended(A, [proposal(3, "what")]));

    expect(partition.story(A)).toEqual(["input"]);
  });
});

describe("a refused command", () => {
  test("takes the whole event with it: nothing of it has happened", () => {
    const partition = running();
    partition.apply(appended(A, [run(1)]));
    const before = partition.content();

    expect(() =>
      partition.apply(appended(A, [setState("a", "1"), sleep(2, 50), run(1), output("no")])),
    ).toThrow(CommandRejected);

    expect(partition.content()).toEqual(before);
    expect(partition.leftovers()).toEqual({ ready: 1 });
  });

  test.each([
    ["a completion id of 0", [run(0)], "PDR2005"],
    ["a completion id that waits for its completion", [run(1), sleep(1, 5)], "PDR2005"],
    ["an input", [entry("input")], "PDR2005"],
    ["a completion", [entry("completion")], "PDR2005"],
    ["a signal", [entry("signal")], "PDR2005"],
    ["nothing", [entry(undefined)], "PDR2005"],
  ])("is %s", (_, items, code) => {
    expect(() => running().apply(appended(A, items))).toThrow(expect.objectContaining({ code }));
  });

  test("is an end without an output", () => {
    expect(() => running().apply(appended(A, [run(1)], { end: true }))).toThrow(
      expect.objectContaining({ code: "PDR2006" }),
    );
  });
});

describe("the end of an invocation", () => {
  test("is told to those who wait for it, and gives back its row in the ready table", () => {
    const partition = running();

    const effects = partition.apply(ended(A, "done"));

    expect(kindsOf(effects)).toEqual(["attemptOver", "armTimer", "completed"]);
    expect(ofKind(effects, "attemptOver")).toMatchObject([{ attempt: 1, why: "ended" }]);
    expect(ofKind(effects, "completed")).toMatchObject([
      { runId: A, output: resultOf("done"), invocation: { status: COMPLETED } },
    ]);
    expect(partition.rows("ready")).toEqual([]);
    expect(partition.invocation(A)).toMatchObject({ completedAt: 1_000, outputIndex: 1 });
  });

  test("comes once", () => {
    const partition = running();
    partition.apply(ended(A, "first"));

    expect(partition.changesNothing(ended(A, "second"), ended(A, "third", { attempt: 2 }))).toBe(
      true,
    );
  });

  test("may be a failure", () => {
    const effects = running().apply(ended(A, failure(404, "no such user")));

    expect(ofKind(effects, "completed")[0]?.output).toMatchObject({
      case: "failure",
      value: { code: 404, message: "no such user" },
    });
  });

  test("may be a failure with metadata, which reaches all who are told of it", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain(), { tells: [B, 5] }));
    const { metadata } = create(FailureSchema, { metadata: [{ name: "why", value: "x" }] });

    const effects = partition.apply(ended(A, { ...failure(409), metadata }));

    const expected = {
      case: "failure",
      value: { code: 409, metadata: [{ name: "why", value: "x" }] },
    };
    expect(ofKind(effects, "completed")[0]?.output).toMatchObject(expected);
    expect(ofKind(effects, "send")[0]?.message.message.value).toMatchObject({
      completion: { completionId: 5, result: expected },
    });
  });

  test("gives the lock of the key to the next, in the same event", () => {
    const partition = running();
    partition.apply(submitted(B, exclusive("k")));

    const effects = partition.apply(ended(A));

    expect(ofKind(effects, "ready").map((effect) => effect.runId)).toEqual([B]);
    expect(partition.statusOf(B)).toBe(READY);
  });

  test("forgets the timers that it still waited for", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, plain({ kept: 0 })),
      appended(A, [sleep(1, 5_000), sleep(2, 9_000)]),
    );
    expect(partition.leftovers()).toEqual({ ready: 1, timers: 2 });

    partition.apply(ended(A));

    expect(partition.leftovers()).toEqual({});
  });

  test("leaves what an attempt wrote before it failed", () => {
    const partition = running();
    partition.apply(appended(A, [setState("n", "1")]), failed(A, retryAt(2_000)));
    partition.advanceTo(2_000);

    partition.apply(ended(A, "done", { attempt: 2 }));

    expect(partition.rows("state").map((row) => row.value.name)).toEqual(["n"]);
    expect(partition.story(A)).toEqual(["input", "setState", "output"]);
  });
});

function entry(kind: "input" | "completion" | "signal" | undefined): ReturnType<typeof output> {
  return { ...output(""), body: { case: kind } } as ReturnType<typeof output>;
}

function without(name: "attempt"): never {
  const event = appended(A, [run(1)]);
  const { [name]: _, ...rest } = event.value as unknown as Record<string, unknown>;
  return rest as never;
}

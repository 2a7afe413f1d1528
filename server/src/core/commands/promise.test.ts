import { beforeEach, describe, expect, test } from "vitest";
import type { Completion } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { completePromise, getPromise, peekPromise, setState } from "../commands.fixture.js";
import {
  A,
  B,
  C,
  D,
  appended,
  derivedId,
  ended,
  exclusive,
  failed,
  failure,
  firstOf,
  plain,
  retryAt,
  submitted,
  suspended,
  textOf,
  workflowRun,
  workflowShared,
} from "../events.fixture.js";
import { kindsOf, ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";

const { SUSPENDED, READY } = InvocationStatus;

let partition: PartitionUnderTest;
/** The workflow's run is A; B and C are shared handlers of it. */
beforeEach(() => {
  partition = startPartition();
  partition.apply(
    submitted(A, workflowRun("ada"), { id: derivedId("ada") }),
    submitted(B, workflowShared("ada")),
    submitted(C, workflowShared("ada")),
  );
});

function answers(runId: string): unknown[] {
  return partition.journal(runId).flatMap(({ body }): unknown[] => {
    if (body.case !== "completion") return [];
    const { result }: Completion = body.value;
    if (result.case === "value") return [textOf(result.value)];
    return [result.case === "failure" ? result.value.code : result.case];
  });
}

describe("a durable promise", () => {
  test("is waited for until someone completes it, who is told that it went well", () => {
    partition.apply(appended(A, [getPromise(1, "email")]), suspended(A, firstOf(1)));

    const effects = partition.apply(appended(B, [completePromise(1, "email", "clicked")]));

    expect(answers(A)).toEqual(["clicked"]);
    expect(answers(B)).toEqual(["void"]);
    expect(ofKind(effects, "ready").map((effect) => effect.runId)).toEqual([A]);
  });

  test("that is complete is answered at once", () => {
    partition.apply(appended(B, [completePromise(1, "email", "clicked")]));

    partition.apply(appended(A, [getPromise(1, "email"), peekPromise(2, "email")]));

    expect(answers(A)).toEqual(["clicked", "clicked"]);
    expect(partition.invocation(A).pending).toEqual([]);
  });

  test("is nothing to one who peeks before it is complete", () => {
    partition.apply(appended(A, [peekPromise(1, "email")]));

    expect(answers(A)).toEqual(["void"]);
    expect(partition.rows("promises")).toEqual([]);
  });

  test("keeps its first completion; every later one is told 409", () => {
    partition.apply(appended(B, [completePromise(1, "email", "first")]));

    partition.apply(
      appended(C, [
        completePromise(1, "email", "second"),
        completePromise(2, "email", failure(400)),
      ]),
      appended(B, [completePromise(2, "email", "third")]),
      appended(A, [getPromise(1, "email")]),
    );

    expect(answers(C)).toEqual([409, 409]);
    expect(answers(B)).toEqual(["void", 409]);
    expect(answers(A)).toEqual(["first"]);
  });

  test("may be completed with a failure", () => {
    partition.apply(appended(A, [getPromise(1, "email")]));

    partition.apply(appended(B, [completePromise(1, "email", failure(410))]));

    expect(answers(A)).toEqual([410]);
  });

  test("wakes all who wait for it, each once, running or suspended", () => {
    partition.apply(
      appended(A, [getPromise(1, "email"), getPromise(2, "email")]),
      suspended(A, firstOf(1, 2)),
      appended(B, [getPromise(1, "email")]),
    );

    const effects = partition.apply(appended(C, [completePromise(1, "email", "now")]));

    expect(answers(A)).toEqual(["now", "now"]);
    expect(answers(B)).toEqual(["now"]);
    expect(kindsOf(effects)).toEqual(["forward", "ready", "forward", "forward"]);
    expect(partition.statusOf(A)).toBe(READY);
  });

  test("may be completed by one who waits for it", () => {
    partition.apply(
      appended(A, [getPromise(1, "email"), completePromise(2, "email", "by myself")]),
    );

    expect(answers(A)).toEqual(["void", "by myself"]);
    expect(partition.invocation(A).pending).toEqual([]);
  });

  test("belongs to one workflow key and one name", () => {
    partition.apply(
      submitted(D, workflowRun("bob"), { id: derivedId("bob") }),
      appended(B, [completePromise(1, "email", "ada's")]),
      appended(D, [peekPromise(1, "email")]),
      appended(A, [peekPromise(1, "e-mail"), peekPromise(2, "email")]),
    );

    expect(answers(D)).toEqual(["void"]);
    expect(answers(A)).toEqual(["void", "ada's"]);
  });

  test("can be completed before the workflow is run, and is there when it is", () => {
    const early = startPartition();
    early.apply(
      submitted(B, workflowShared("ada")),
      appended(B, [completePromise(1, "email", "early")]),
      ended(B),
      submitted(A, workflowRun("ada"), { id: derivedId("ada") }),
      appended(A, [getPromise(1, "email")]),
    );
    partition = early;

    expect(answers(A)).toEqual(["early"]);
  });

  test("forgets who waited for it when that invocation ends", () => {
    partition.apply(appended(A, [getPromise(1, "email")]), appended(B, [getPromise(1, "email")]));
    const waiting = (): unknown =>
      partition.rows("promises").map((row) => row.value.waiting.map((sink) => sink.runId));
    expect(waiting()).toEqual([[A, B]]);

    partition.apply(ended(B));
    expect(waiting()).toEqual([[A]]);

    partition.apply(ended(A));
    expect(waiting()).toEqual([]);
  });

  test("that is complete stays when those who read it end", () => {
    partition.apply(
      appended(A, [getPromise(1, "email")]),
      appended(B, [completePromise(1, "email", "kept")]),
      ended(A),
      ended(B),
    );

    partition.apply(appended(C, [getPromise(1, "email")]));

    expect(answers(C)).toEqual(["kept"]);
  });

  test("is waited for through failures of the attempt", () => {
    partition.apply(appended(A, [getPromise(1, "email")]), failed(A, retryAt(2_000)));

    partition.apply(appended(B, [completePromise(1, "email", "meanwhile")]));

    expect(answers(A)).toEqual(["meanwhile"]);
    expect(partition.statusOf(A)).toBe(InvocationStatus.BACKING_OFF);
  });

  test("goes with the workflow when its retention is over, unless someone still waits for it", () => {
    partition.apply(
      appended(A, [setState("s", "1")]),
      appended(B, [completePromise(1, "email", "x"), getPromise(2, "other")]),
      ended(A),
    );
    expect(partition.rows("promises")).toHaveLength(2);

    partition.advanceTo(1_000_000);

    const left = partition.rows("promises");
    expect(left.map(({ value }) => value.waiting.map(({ runId }) => runId))).toEqual([[B]]);
    expect(partition.rows("state")).toEqual([]);
    partition.apply(ended(B));
    expect(partition.rows("promises")).toEqual([]);
  });

  test.each([
    ["an object", exclusive("k")],
    ["a plain service", plain()],
  ])("is nothing for %s", (_, target) => {
    partition.apply(submitted(D, target));
    for (const command of [getPromise(1, "p"), peekPromise(1, "p"), completePromise(1, "p", "x")]) {
      expect(() => partition.apply(appended(D, [command]))).toThrow(
        expect.objectContaining({ code: "PDR2007" }),
      );
    }
    expect(partition.story(D)).toEqual(["input"]);
  });

  test("leaves one that waits for something else as it was", () => {
    partition.apply(
      appended(A, [getPromise(1, "email"), getPromise(2, "phone")]),
      suspended(A, firstOf(2)),
      appended(B, [completePromise(1, "email", "x")]),
    );

    expect(partition.statusOf(A)).toBe(SUSPENDED);
    expect(answers(A)).toEqual(["x"]);
  });

  test("has a name of at most 512 bytes, as the store's keys must fit", () => {
    for (const command of [getPromise, peekPromise]) {
      expect(() => partition.apply(appended(A, [command(1, "x".repeat(513))]))).toThrow(
        expect.objectContaining({ code: "PDR2011" }),
      );
    }
    expect(() => partition.apply(appended(A, [getPromise(1, "x".repeat(512))]))).not.toThrow();
  });
});

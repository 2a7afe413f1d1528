import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { MessageSchema } from "@perdure/proto/storage/v1/records";
import { completionOf, voidResult } from "@perdure/protocol/messages";
import { call, getOutput, send } from "../commands.fixture.js";
import {
  A,
  B,
  C,
  appended,
  attachMessage,
  calleeOf,
  completeMessage,
  delivered,
  derivedId,
  ended,
  firstOf,
  idOf,
  invoke,
  plain,
  reaching,
  received,
  resultOf,
  signalOf,
  submitted,
  suspended,
  workflowRun,
} from "../events.fixture.js";
import { addressOfOutboxKey } from "../keys.js";
import { kindsOf, ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";

/** A partition where A waits for a call: completion ids 1 (the id) and 2 (the result). */
function calling(): PartitionUnderTest {
  const partition = startPartition();
  const callee = calleeOf(idOf(B, 5), { partition: 5, runId: B, target: plain() });
  partition.apply(submitted(A, plain()), appended(A, [reaching(call(1, 2), callee)]));
  return partition;
}

const answer = completeMessage(A, completionOf(2, resultOf("42")));

describe("messages of one partition", () => {
  test("are taken in order, each once", () => {
    const partition = startPartition();

    partition.apply(received(3, 1, invoke(A, plain())), received(3, 2, invoke(B, plain())));

    expect(partition.changesNothing(received(3, 1, invoke(A, plain())))).toBe(true);
    expect(partition.changesNothing(received(3, 2, invoke(C, plain())))).toBe(true);
    expect(partition.rows("ready").map((row) => row.value.runId)).toEqual([A, B]);
  });

  test("may not skip one", () => {
    const partition = startPartition();
    partition.apply(received(3, 1, invoke(A, plain())));

    expect(() => partition.apply(received(3, 3, invoke(B, plain())))).toThrow("arrive in order");
    expect(partition.statusOf(B)).toBeUndefined();
  });

  test("are counted apart from those of others", () => {
    const partition = startPartition();

    partition.apply(received(3, 1, invoke(A, plain())), received(4, 1, invoke(B, plain())));

    expect(partition.rows("ready")).toHaveLength(2);
  });

  test("that say nothing are counted too", () => {
    const partition = startPartition();

    partition.apply(received(3, 1, create(MessageSchema)));

    expect(partition.changesNothing(received(3, 1, invoke(A, plain())))).toBe(true);
  });
});

describe("an answer", () => {
  test("completes the command that waits for it, and is told to the running attempt", () => {
    const partition = calling();

    const effects = partition.apply(received(5, 1, answer));

    expect(effects).toMatchObject([
      { kind: "forward", runId: A, completion: { completionId: 2, result: resultOf("42") } },
    ]);
    expect(partition.invocation(A).pending).toEqual([]);
  });

  test("wakes the invocation that is suspended on it", () => {
    const partition = calling();
    partition.apply(suspended(A, firstOf(2), { seen: 2 }));

    expect(kindsOf(partition.apply(received(5, 1, answer)))).toEqual(["ready"]);
  });

  test("comes to nothing where nothing waits for it", () => {
    const partition = calling();
    partition.apply(received(5, 1, answer));
    const story = partition.story(A);

    partition.apply(
      received(5, 2, answer),
      received(5, 3, completeMessage(A, completionOf(9, voidResult))),
      received(5, 4, completeMessage(C, completionOf(2, voidResult))),
    );

    expect(partition.story(A)).toEqual(story);
  });

  test("comes to nothing for an invocation that has ended", () => {
    const partition = calling();
    partition.apply(ended(A));
    const story = partition.story(A);

    partition.apply(received(5, 1, answer));

    expect(partition.story(A)).toEqual(story);
  });
});

describe("a message that asks for a result", () => {
  const attach = attachMessage(idOf(B), [A, 7, 4]);
  const peek = attachMessage(idOf(B), [A, 7, 4], "peek");

  test("waits for the end of the invocation, which is then told", () => {
    const partition = startPartition();
    partition.apply(submitted(B, plain()));

    expect(partition.apply(received(4, 1, attach))).toEqual([]);
    expect(ofKind(partition.apply(ended(B, "42")), "send")).toMatchObject([
      {
        to: 4,
        message: {
          message: { value: { runId: A, completion: { completionId: 7, result: resultOf("42") } } },
        },
      },
    ]);
  });

  test("is answered at once where there is a result", () => {
    const partition = startPartition();
    partition.apply(submitted(B, plain()), ended(B, "42"));

    for (const [sequence, message] of [attach, peek].entries()) {
      const effects = partition.apply(received(4, sequence + 1, message));
      expect(ofKind(effects, "send")[0]?.message.message.value).toMatchObject({
        completion: { result: resultOf("42") },
      });
    }
  });

  test("is answered at once with nothing where it only looks", () => {
    const partition = startPartition();
    partition.apply(submitted(B, plain()));

    const effects = partition.apply(received(4, 1, peek));

    expect(ofKind(effects, "send")[0]?.message.message.value).toMatchObject({
      completion: { completionId: 7, result: { case: "void" } },
    });
    expect(partition.invocation(B).sinks).toEqual([]);
  });

  test.each([
    ["an invocation that never was", attach],
    ["a workflow that was not run", attachMessage(derivedId("never"), [A, 7, 4])],
  ])("is answered with 404 for %s", (_, message) => {
    const effects = startPartition().apply(received(4, 1, message));

    expect(ofKind(effects, "send")[0]?.message.message.value).toMatchObject({
      completion: { result: { case: "failure", value: { code: 404 } } },
    });
  });

  test("finds a workflow run by the id that is derived from its key", () => {
    const id = derivedId("Signup/ada");
    const partition = startPartition();
    partition.apply(submitted(B, workflowRun("ada"), { id }), ended(B, "42"));

    const effects = partition.apply(received(4, 1, attachMessage(id, [A, 7, 4])));

    expect(ofKind(effects, "send")[0]?.message.message.value).toMatchObject({
      completion: { result: resultOf("42") },
    });
  });
});

describe("a signal", () => {
  const signal = (id: string): ReturnType<typeof received> =>
    received(
      4,
      1,
      create(MessageSchema, {
        message: { case: "signal", value: { invocationId: id, signal: signalOf("go") } },
      }),
    );

  test("is written into the journal of the invocation", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), signal(idOf(A)));

    expect(partition.story(A)).toEqual(["input", "signal"]);
  });

  test("for one that has ended, or never was, comes to nothing", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), ended(A), signal(idOf(A)));
    partition.apply(received(4, 2, create(MessageSchema)));

    expect(partition.story(A)).toEqual(["input", "output"]);
    expect(startPartition().apply(signal(idOf(C)))).toEqual([]);
  });
});

describe("the outbox", () => {
  test("holds messages in the order in which each receiver must see them, until they are delivered", () => {
    const partition = startPartition();
    const sends = [5, 7, 5, 5].map((to, n) =>
      reaching(send(n + 1), calleeOf(idOf(B, to), { partition: to, runId: B, target: plain() })),
    );
    partition.apply(submitted(A, plain()), appended(A, sends));
    const addresses = (): unknown => partition.rows("outbox").map((r) => addressOfOutboxKey(r.key));

    expect(addresses()).toEqual([
      { to: 5, sequence: 1 },
      { to: 5, sequence: 2 },
      { to: 5, sequence: 3 },
      { to: 7, sequence: 1 },
    ]);
    partition.apply(delivered([5, 2]));
    expect(addresses()).toEqual([
      { to: 5, sequence: 3 },
      { to: 7, sequence: 1 },
    ]);
    partition.apply(delivered([5, 3], [7, 1]));
    expect(addresses()).toEqual([]);
  });

  test("takes the same receipt twice without a change", () => {
    const partition = calling();
    partition.apply(delivered([5, 1]));

    expect(partition.changesNothing(delivered([5, 1]))).toBe(true);
    expect(partition.changesNothing(delivered([5, 0], [9, 0]))).toBe(true);
  });

  test("goes on counting after a receipt", () => {
    const partition = calling();
    partition.apply(delivered([5, 1]));

    const callee = calleeOf(idOf(B, 5), { partition: 5 });
    const effects = partition.apply(appended(A, [reaching(getOutput(3), callee)]));

    expect(ofKind(effects, "send")).toMatchObject([{ to: 5, sequence: 2 }]);
  });
});

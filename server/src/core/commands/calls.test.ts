import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { InvariantViolation } from "@perdure/protocol/assert";
import { formatAwakeableId } from "@perdure/protocol/awakeable-id";
import {
  attach,
  call,
  cancel,
  completeAwakeable,
  getOutput,
  send,
  sendSignal,
} from "../commands.fixture.js";
import {
  A,
  B,
  appended,
  calleeOf,
  ended,
  exclusive,
  failure,
  firstOf,
  idOf,
  plain,
  reaching,
  received,
  resultOf,
  submitted,
  suspended,
} from "../events.fixture.js";
import type { Effect } from "../effect.js";
import { ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";

const callee = calleeOf(idOf(B, 5), { partition: 5, runId: B, target: exclusive("k") });

function running(): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(submitted(A, plain()));
  return partition;
}

/** What was put into the outbox: the receiver and the message. */
function sent(effects: readonly Effect[]): unknown[] {
  return ofKind(effects, "send").map(({ to, message }) => ({ to, ...message.message }));
}

describe("a call", () => {
  test("asks the callee's partition for an invocation that tells the caller its result", () => {
    const partition = running();

    const effects = partition.apply(appended(A, [reaching(call(1, 2, "Ada"), callee)]));

    expect(sent(effects)).toMatchObject([
      {
        to: 5,
        case: "invoke",
        value: {
          id: idOf(B, 5),
          runId: B,
          target: { target: { service: "Counter", key: "k" } },
          parameter: resultOf("Ada").value,
          sink: { partition: 0, runId: A, completionId: 2 },
          startAt: 0,
        },
      },
    ]);
  });

  test("knows the callee's id at once, and its result when it comes", () => {
    const partition = running();
    partition.apply(appended(A, [reaching(call(1, 2), callee)]));

    expect(partition.story(A)).toEqual(["input", "call", "completion"]);
    expect(partition.journal(A)[2]?.body.value).toMatchObject({
      completionId: 1,
      result: { case: "invocationId", value: idOf(B, 5) },
    });
    expect(partition.invocation(A).pending).toMatchObject([{ completionId: 2 }]);
  });

  test("of an invocation of the same partition goes through the outbox as well", () => {
    const partition = running();
    const own = calleeOf(idOf(B), { runId: B, target: plain() });
    const [request] = ofKind(
      partition.apply(
        appended(A, [reaching(call(1, 2), own)]),
        suspended(A, firstOf(2), { seen: 2 }),
      ),
      "send",
    );
    partition.apply(received(0, 1, request?.message ?? fail()));
    const [answer] = ofKind(partition.apply(ended(B, "hi")), "send");

    const effects = partition.apply(received(0, 2, answer?.message ?? fail()));

    expect(ofKind(effects, "ready")).toMatchObject([{ runId: A }]);
    expect(partition.journal(A)[3]?.body.value).toMatchObject({ result: resultOf("hi") });
  });

  test("without facts about the callee is a mistake of the program", () => {
    const partition = running();

    expect(() => partition.apply(appended(A, [call(1, 2)]))).toThrow(InvariantViolation);
    expect(partition.story(A)).toEqual(["input"]);
  });

  test("may not use a completion id that is in use", () => {
    const partition = running();
    partition.apply(appended(A, [reaching(call(1, 2), callee)]));

    expect(() => partition.apply(appended(A, [reaching(call(3, 2), callee)]))).toThrow(
      expect.objectContaining({ code: "PDR2005" }),
    );
    expect(partition.rows("outbox")).toHaveLength(1);
  });
});

describe("a send", () => {
  test("asks for an invocation and waits for nothing", () => {
    const partition = running();

    const effects = partition.apply(appended(A, [reaching(send(1), callee)]));

    const [message] = sent(effects);
    expect(message).toMatchObject({ to: 5, case: "invoke", value: { runId: B, startAt: 0 } });
    expect((message as { value: object }).value).not.toHaveProperty("sink");
    expect(partition.invocation(A).pending).toEqual([]);
    expect(partition.journal(A)[2]?.body.value).toMatchObject({
      completionId: 1,
      result: { case: "invocationId", value: idOf(B, 5) },
    });
  });

  test("may ask for a delay, counted from the event that records it", () => {
    const partition = running();
    partition.nowMs = 2_000.5;

    const effects = partition.apply(appended(A, [reaching(send(1, 500), callee)]));

    expect(sent(effects)).toMatchObject([{ value: { startAt: 2_501 } }]);
  });

  test("with a delay beyond all time harms neither sender nor receiver", () => {
    const partition = running();
    const effects = partition.apply(appended(A, [reaching(send(1, (1n << 64n) - 1n), callee)]));
    const [request] = ofKind(effects, "send");

    const receiver = startPartition({ number: 5 });
    receiver.apply(received(0, 1, request?.message ?? fail()));

    expect(receiver.statusOf(B)).toBe(InvocationStatus.SCHEDULED);
  });

  test("keeps its place among the sends of its invocation", () => {
    const partition = running();
    const sends = [1, 2, 3].map((id) =>
      reaching(send(id), calleeOf(idOf(`${id}`, 5), { partition: 5, runId: `${id}` })),
    );

    partition.apply(appended(A, sends));

    const runs = partition.rows("outbox").map(({ value: { message } }) => {
      return message.case === "invoke" ? message.value.runId : undefined;
    });
    expect(runs).toEqual(["1", "2", "3"]);
  });
});

describe("an attach", () => {
  test("asks to be told the result; a look at it asks to be told at once", () => {
    const partition = running();

    const effects = partition.apply(
      appended(A, [reaching(attach(1), callee), reaching(getOutput(2), callee)]),
    );

    expect(sent(effects)).toMatchObject([
      { to: 5, case: "attach", value: { peek: false, sink: { runId: A, completionId: 1 } } },
      { to: 5, case: "attach", value: { peek: true, sink: { runId: A, completionId: 2 } } },
    ]);
    expect(partition.invocation(A).pending.map((p) => p.completionId)).toEqual([1, 2]);
  });
});

describe("a signal to another invocation", () => {
  test("carries its name and its result, and is not waited for", () => {
    const partition = running();

    const effects = partition.apply(
      appended(A, [reaching(sendSignal("go", "now"), callee)]),
      appended(A, [reaching(sendSignal("go", failure(410)), callee)]),
    );

    expect(sent(effects)).toMatchObject([
      { to: 5, case: "signal", value: { signal: { result: resultOf("now") } } },
      { to: 5, case: "signal", value: { signal: { result: { case: "failure" } } } },
    ]);
    expect(partition.story(A)).toEqual(["input", "sendSignal", "sendSignal"]);
    expect(partition.invocation(A).pending).toEqual([]);
  });

  test("is number 1 when it cancels", () => {
    const effects = running().apply(appended(A, [reaching(cancel(idOf(B, 5)), callee)]));

    expect(sent(effects)).toMatchObject([
      { value: { invocationId: idOf(B, 5), signal: { signal: { case: "id", value: 1 } } } },
    ]);
  });

  test("is the one that the awakeable's id names when it completes an awakeable", () => {
    const awakeableId = formatAwakeableId({ invocationId: idOf(B, 5), signalId: 17 });
    const effects = running().apply(
      appended(A, [reaching(completeAwakeable(awakeableId, "done"), callee)]),
    );

    expect(sent(effects)).toMatchObject([
      {
        value: { signal: { signal: { case: "id", value: 17 }, result: resultOf("done") } },
      },
    ]);
  });

  test("is refused where the awakeable's id is none, or names a signal with a meaning of its own", () => {
    const cancels = formatAwakeableId({ invocationId: idOf(B, 5), signalId: 1 });
    for (const awakeableId of ["sign_9", cancels]) {
      expect(() =>
        running().apply(appended(A, [reaching(completeAwakeable(awakeableId, "x"), callee)])),
      ).toThrow(expect.objectContaining({ code: "PDR2008" }));
    }
  });
});

function fail(): never {
  throw new Error("nothing was sent");
}

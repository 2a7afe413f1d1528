// Kill: an invocation ends now, whatever it does, and the calls that it waits for with it.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { call, getPromise, run, send, setState, sleep } from "../commands.fixture.js";
import {
  A,
  B,
  C,
  D,
  appended,
  calleeOf,
  derivedId,
  ended,
  exclusive,
  firstOf,
  idOf,
  plain,
  reaching,
  received,
  runIdAt,
  submitted,
  suspended,
  workflowRun,
  workflowShared,
  type Item,
} from "../events.fixture.js";
import { Network } from "../network.fixture.js";
import { ofKind, startPartition } from "../partition.fixture.js";
import { readOutput } from "../queries.js";
import { killMessage, killed } from "../verbs.fixture.js";

const { READY, INBOXED, SCHEDULED, COMPLETED } = InvocationStatus;

const killedResult = { case: "failure", value: { code: 409, message: "killed" } };

function calling(runId: string, partition: number, id: number, target = plain()): Item {
  return reaching(call(id, id + 1), calleeOf(idOf(runId, partition), { partition, runId, target }));
}

function sending(runId: string, partition: number, id: number, delayMs = 0): Item {
  const facts = calleeOf(idOf(runId, partition), { partition, runId, target: plain() });
  return reaching(send(id, delayMs), facts);
}

describe("kill", () => {
  test("running: aborts the attempt, ends with 409 killed, tells who waits", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain(), { tells: [D, 5] }), appended(A, [run(1)]));

    const effects = partition.apply(killed(idOf(A)));

    expect(ofKind(effects, "attemptOver")).toMatchObject([{ runId: A, attempt: 1, why: "ended" }]);
    expect(ofKind(effects, "completed")).toMatchObject([{ runId: A, output: killedResult }]);
    expect(ofKind(effects, "send")).toHaveLength(1);
    expect(partition.story(A)).toEqual(["input", "run", "output"]);
    expect(readOutput(partition.tables, A, partition.invocation(A))).toMatchObject(killedResult);
    // What its attempt still sends comes to nothing.
    expect(partition.changesNothing(ended(A), appended(A, [run(2)]))).toBe(true);
  });

  test("gives the lock to the next; the state that was written stays", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, exclusive("k")),
      submitted(B, exclusive("k")),
      appended(A, [setState("s", "1")]),
    );

    partition.apply(killed(idOf(A)));

    expect(partition.statusOf(B)).toBe(READY);
    expect(partition.rows("state")).toHaveLength(1);
  });

  test("inboxed: leaves the inbox from its middle, and never has the lock", () => {
    const partition = startPartition();
    partition.apply(...[A, B, C].map((runId) => submitted(runId, exclusive("k"))));

    partition.apply(killed(idOf(B)));
    expect(partition.statusOf(A)).toBe(READY);
    expect(partition.statusOf(C)).toBe(INBOXED);
    partition.apply(ended(A));

    expect(partition.statusOf(B)).toBe(COMPLETED);
    expect(partition.statusOf(C)).toBe(READY);
  });

  test("suspended: leaves no timer of its sleeps and is not waited for by a promise", () => {
    const partition = startPartition();
    const id = derivedId("w");
    partition.apply(
      submitted(A, workflowRun("w"), { id }),
      submitted(B, workflowShared("w", { kept: 0 })),
      appended(B, [sleep(1, 60_000), getPromise(2, "p")]),
      suspended(B, firstOf(1, 2)),
    );
    expect(partition.rows("promises")).toHaveLength(1);

    partition.apply(killed(idOf(B)));

    expect(partition.leftovers()).toEqual({ ready: 1 });
    expect(partition.statusOf(B)).toBeUndefined();
  });

  test("completed: the result stays what it was", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), ended(A, "fine"));

    expect(partition.changesNothing(killed(idOf(A)))).toBe(true);
  });
});

describe("kill of a call tree", () => {
  /** A calls B and C in other partitions, and sends to D; B calls E, which is in A's partition. */
  const E = runIdAt(5);
  function tree(): Network {
    const network = new Network();
    network.apply(0, submitted(A, plain()));
    network.apply(0, appended(A, [calling(B, 5, 1), calling(C, 9, 3), sending(D, 5, 5)]));
    network.apply(5, appended(B, [calling(E, 0, 1)]));
    return network;
  }

  test("ends all that is called, however deep, in whatever partition", () => {
    const network = tree();

    const effects = network.apply(0, killed(idOf(A)));

    expect(ofKind(effects, "completed").map(({ runId }) => runId)).toEqual([A, B, C, E]);
    for (const { output } of ofKind(effects, "completed"))
      expect(output).toMatchObject(killedResult);
    for (const number of [0, 5, 9]) expect(network.at(number).rows("outbox")).toEqual([]);
  });

  test("lets go on what was sent", () => {
    const network = tree();

    network.apply(0, killed(idOf(A)));

    expect(network.at(5).statusOf(D)).toBe(READY);
  });

  test("in its middle tells the caller, who goes on", () => {
    const network = tree();

    network.apply(5, killed(idOf(B, 5)));

    expect(network.at(0).statusOf(E)).toBe(COMPLETED);
    expect(network.at(0).statusOf(A)).toBe(READY);
    expect(network.at(0).journal(A).at(-1)?.body).toMatchObject({
      case: "completion",
      value: { completionId: 2, result: killedResult },
    });
    expect(network.at(9).statusOf(C)).toBe(READY);
  });

  test("leaves alone a call that was answered", () => {
    const network = tree();
    network.apply(9, ended(C, "done"));

    const effects = network.apply(0, killed(idOf(A)));

    expect(ofKind(effects, "completed").map(({ runId }) => runId)).toEqual([A, B, E]);
    const output = readOutput(network.at(9).tables, C, network.at(9).invocation(C));
    expect(output?.case).toBe("value");
  });

  test("reaches callees that wait in an inbox, or for their time", () => {
    const network = new Network();
    network.apply(5, submitted(D, exclusive("k"), { id: idOf(D, 5) }));
    network.apply(0, submitted(A, plain()));
    network.apply(0, appended(A, [calling(B, 5, 1, exclusive("k"))]));
    expect(network.at(5).statusOf(B)).toBe(INBOXED);

    network.apply(0, killed(idOf(A)));

    expect(network.at(5).statusOf(B)).toBe(COMPLETED);
    expect(network.at(5).statusOf(D)).toBe(READY);
    expect(network.at(5).rows("inbox")).toEqual([]);
  });

  test("does not reach what was sent with a delay", () => {
    const network = new Network();
    network.apply(0, submitted(A, plain()), appended(A, [sending(B, 5, 1, 9_000)]));

    network.apply(0, killed(idOf(A)));

    expect(network.at(5).statusOf(B)).toBe(SCHEDULED);
  });

  test("whose message finds nothing, or what has ended, changes only the count of messages", () => {
    const partition = startPartition();
    partition.apply(submitted(A, plain()), ended(A, "fine"));
    const before = partition.content().filter((row) => !row.startsWith("sequences"));

    const first = partition.apply(received(3, 1, killMessage(idOf(A))));
    const second = partition.apply(received(3, 2, killMessage(idOf(B))));

    expect([...first, ...second]).toEqual([]);
    expect(partition.content().filter((row) => !row.startsWith("sequences"))).toEqual(before);
  });
});

import { describe, expect, test } from "vitest";
import type { Completion } from "@perdure/proto/protocol/v1/journal";
import type { ResolvedTarget } from "@perdure/proto/storage/v1/records";
import {
  clearAllState,
  clearState,
  getState,
  getStateEagerly,
  getStateKeys,
  setState,
} from "../commands.fixture.js";
import {
  A,
  B,
  C,
  appended,
  beside,
  derivedId,
  ended,
  exclusive,
  plain,
  submitted,
  textOf,
  workflowRun,
  workflowShared,
} from "../events.fixture.js";
import { startPartition, type PartitionUnderTest } from "../partition.fixture.js";

function running(target: ResolvedTarget = exclusive("k")): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(submitted(A, target));
  return partition;
}

/** The completions of a run, in order: what its reads were answered. */
function answers(partition: PartitionUnderTest, runId = A): unknown[] {
  return partition.journal(runId).flatMap(({ body }): unknown[] => {
    if (body.case !== "completion") return [];
    const { result }: Completion = body.value;
    if (result.case === "value") return [textOf(result.value)];
    return [result.case === "stateKeys" ? result.value.keys : result.case];
  });
}

function stateOf(partition: PartitionUnderTest): unknown {
  const rows = partition.rows("state").map(({ value: row }) => [row.name, textOf(row.value)]);
  return Object.fromEntries(rows);
}

describe("state", () => {
  test("is what was set last, in the order of the commands", () => {
    const partition = running();

    partition.apply(
      appended(A, [
        setState("a", "1"),
        getState(1, "a"),
        setState("a", "2"),
        setState("b", ""),
        getState(2, "a"),
        clearState("a"),
        getState(3, "a"),
        getState(4, "b"),
      ]),
    );

    expect(answers(partition)).toEqual(["1", "2", "void", ""]);
    expect(stateOf(partition)).toEqual({ b: "" });
  });

  test("outlives the invocation that wrote it, and is seen by the next one of the key", () => {
    const partition = running();
    partition.apply(submitted(B, exclusive("k")), appended(A, [setState("n", "1")]), ended(A));

    partition.apply(appended(B, [getState(1, "n")]));

    expect(answers(partition, B)).toEqual(["1"]);
  });

  test("belongs to one key of one service", () => {
    const partition = running();
    partition.apply(
      appended(A, [setState("n", "1")]),
      submitted(B, exclusive("k2")),
      submitted(C, workflowRun("k"), { id: derivedId("k") }),
      appended(B, [getState(1, "n"), getStateKeys(2)]),
      appended(C, [getState(1, "n"), getStateKeys(2)]),
    );

    expect(answers(partition, B)).toEqual(["void", []]);
    expect(answers(partition, C)).toEqual(["void", []]);
  });

  test("is read by shared handlers beside the one that writes", () => {
    const partition = running();
    partition.apply(submitted(B, beside("k")), appended(A, [setState("n", "1")]));

    partition.apply(appended(B, [getState(1, "n")]));

    expect(answers(partition, B)).toEqual(["1"]);
  });

  test("lists its keys in order, whatever letters they are made of", () => {
    const partition = running();
    const keys = ["b", "a", "", "ä", "a\u0000", "日本", "\u0001"];

    partition.apply(appended(A, [...keys.map((key) => setState(key, "x")), getStateKeys(1)]));

    const [listed] = answers(partition) as string[][];
    expect(listed?.toSorted()).toEqual(keys.toSorted());
  });

  test("of a key is cleared as a whole, and of no other key", () => {
    const partition = running();
    partition.apply(submitted(B, exclusive("k2")), appended(B, [setState("other", "1")]));
    const many = Array.from({ length: 2_500 }, (_, n) => setState(`key-${n}`, "x"));
    partition.apply(appended(A, many));

    partition.apply(appended(A, [clearAllState(), getStateKeys(1)]));

    expect(answers(partition)).toEqual([[]]);
    expect(stateOf(partition)).toEqual({ other: "1" });
  });

  test("that the SDK read from what it has is written down as it read it, and not answered", () => {
    const partition = running();

    partition.apply(appended(A, [getStateEagerly(1, "n", "7"), getStateKeys(2, ["n"])]));

    expect(partition.story(A)).toEqual(["input", "getState", "getStateKeys"]);
  });
});

describe("rules of state", () => {
  const writes = [setState("n", "1"), clearState("n"), clearAllState()];
  const reads = [getState(1, "n"), getStateKeys(2)];

  test.each([
    ["an exclusive handler", exclusive("k"), [...writes, ...reads], []],
    ["a workflow's run", workflowRun("k"), [...writes, ...reads], []],
    ["a shared handler of an object", beside("k"), reads, writes],
    ["a shared handler of a workflow", workflowShared("k"), reads, writes],
    ["a plain service", plain(), [], [...reads, ...writes]],
  ])("for %s", (_, target, allowed, refused) => {
    for (const command of allowed) {
      expect(() => running(target).apply(appended(A, [command]))).not.toThrow();
    }
    for (const command of refused) {
      const partition = running(target);
      expect(() => partition.apply(appended(A, [command]))).toThrow(
        expect.objectContaining({ name: "CommandRejected", code: "PDR2007" }),
      );
      expect(partition.story(A)).toEqual(["input"]);
    }
  });
});

describe("a state key", () => {
  test("has at most 512 bytes, as the store's keys must fit", () => {
    const partition = running();
    const longest = "ä".repeat(256);

    partition.apply(appended(A, [setState(longest, "1"), getState(1, longest)]));

    expect(answers(partition)).toEqual(["1"]);
    for (const command of [setState(`${longest}x`, "2"), getState(2, `${longest}x`)]) {
      expect(() => partition.apply(appended(A, [command]))).toThrow(
        expect.objectContaining({
          code: "PDR2011",
          message: expect.stringContaining("more than 512"),
        }),
      );
    }
  });
});

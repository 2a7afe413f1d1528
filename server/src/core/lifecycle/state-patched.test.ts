// An operator replaces the state of an object: at once where nothing holds it, else in turn.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { getStateKeys, setState } from "../commands.fixture.js";
import {
  A,
  B,
  C,
  appended,
  beside,
  ended,
  exclusive,
  failed,
  idOf,
  pause,
  submitted,
  textOf,
} from "../events.fixture.js";
import { objectKey } from "../keys.js";
import { ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";
import { readState } from "../state-patch.js";
import { cancelled, killed, rulesReplaced, scoped, statePatched } from "../verbs.fixture.js";

const { READY, INBOXED } = InvocationStatus;

function stateOf(partition: PartitionUnderTest, key = "k", scope?: string): Record<string, string> {
  const rows = readState(partition.tables.state, objectKey("Counter", key, scope));
  return Object.fromEntries(rows.map((row) => [row.name, textOf(row.value) ?? ""]));
}

function outcomeOf(
  partition: PartitionUnderTest,
  ...patch: Parameters<typeof statePatched>
): string {
  const [answer] = ofKind(partition.applyFor(7, statePatched(...patch)), "answered");
  return answer?.outcome ?? "no answer";
}

describe("a patch of the state of an object that nothing holds", () => {
  test("replaces all of it at once", () => {
    const partition = startPartition();
    expect(outcomeOf(partition, "k", { a: "1", b: "2" })).toBe("done");

    expect(outcomeOf(partition, "k", { b: "3", ключ: "4" })).toBe("done");

    expect(stateOf(partition)).toEqual({ b: "3", ключ: "4" });
    expect(partition.leftovers()).toEqual({ state: 2 });
  });

  test("of nothing clears it", () => {
    const partition = startPartition();
    partition.apply(statePatched("k", { a: "1" }), statePatched("k", {}));

    expect(partition.leftovers()).toEqual({});
  });

  test("touches no other key, and no key of the same name in a scope", () => {
    const partition = startPartition();
    partition.apply(statePatched("k2", { a: "1" }), statePatched("k", { a: "2" }, { scope: "s" }));

    partition.apply(statePatched("k", { a: "3" }));

    expect(stateOf(partition, "k2")).toEqual({ a: "1" });
    expect(stateOf(partition, "k", "s")).toEqual({ a: "2" });
    expect(stateOf(partition)).toEqual({ a: "3" });
  });

  test("does not wait for shared handlers", () => {
    const partition = startPartition();
    partition.apply(submitted(A, beside("k")));

    expect(outcomeOf(partition, "k", { a: "1" })).toBe("done");
  });
});

describe("a patch of the state of an object whose lock is taken", () => {
  test("waits until its holder has ended, and is there for the next", () => {
    const partition = startPartition();
    partition.apply(submitted(A, exclusive("k")), appended(A, [setState("a", "by A")]));

    expect(outcomeOf(partition, "k", { b: "patched" })).toBe("requested");
    expect(stateOf(partition)).toEqual({ a: "by A" });
    partition.apply(submitted(B, exclusive("k")), ended(A));

    expect(partition.statusOf(B)).toBe(READY);
    expect(stateOf(partition)).toEqual({ b: "patched" });
    expect(partition.leftovers()).toMatchObject({ ready: 1, state: 1 });
    partition.apply(appended(B, [getStateKeys(1)]));
    expect(partition.journal(B).at(-1)?.body).toMatchObject({
      value: { result: { value: { keys: ["b"] } } },
    });
  });

  test("keeps its place among the handlers that wait", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, exclusive("k")),
      submitted(B, exclusive("k")),
      statePatched("k", { a: "patched" }),
      submitted(C, exclusive("k")),
    );

    partition.apply(appended(A, [setState("a", "by A")]), ended(A));
    expect(stateOf(partition)).toEqual({ a: "by A" });
    expect(partition.statusOf(C)).toBe(INBOXED);
    partition.apply(ended(B));

    expect(stateOf(partition)).toEqual({ a: "patched" });
    expect(partition.statusOf(C)).toBe(READY);
  });

  test("several, the last ones of the inbox, are all done; the lock is free then", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, exclusive("k")),
      statePatched("k", { a: "1" }),
      statePatched("k", { b: "2" }),
      ended(A),
    );

    expect(stateOf(partition)).toEqual({ b: "2" });
    expect(partition.rows("inbox")).toEqual([]);
    expect(outcomeOf(partition, "k", { c: "3" })).toBe("done");
  });

  test.each([
    ["kill", killed(idOf(A))],
    ["its end", ended(A)],
  ])("is done after %s of the holder", (_, event) => {
    const partition = startPartition();
    partition.apply(submitted(A, exclusive("k")), statePatched("k", { a: "1" }), event);

    expect(stateOf(partition)).toEqual({ a: "1" });
  });

  test("waits for one that is paused, and stays when a handler before it is cancelled", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, exclusive("k")),
      submitted(B, exclusive("k")),
      statePatched("k", { a: "1" }),
      failed(A, pause),
      cancelled(idOf(B)),
    );
    expect(partition.rows("inbox")).toHaveLength(1);

    partition.apply(killed(idOf(A)));

    expect(stateOf(partition)).toEqual({ a: "1" });
    expect(partition.rows("inbox")).toEqual([]);
  });

  test("waits for one that has the lock and waits for its limit", () => {
    const partition = startPartition();
    partition.apply(rulesReplaced({ s: 0 }), submitted(A, scoped(exclusive("k"), "s")));

    expect(outcomeOf(partition, "k", { a: "1" }, { scope: "s" })).toBe("requested");
    partition.apply(cancelled(idOf(A)));

    expect(stateOf(partition, "k", "s")).toEqual({ a: "1" });
  });
});

describe("a patch of a certain version", () => {
  const versions = {
    empty: { state: {}, version: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" },
    "one key": { state: { name: "bob" }, version: "tDqA04Lj3_qJ-PgNPTecXDGZgpwy6jm2Ni2BYqJIthM" },
    "two keys": {
      state: { b: "bbb", a: "aaa" },
      version: "RVM17P6x18Wp-JnzQ01BzmqCvhAunTOQI_az6Px3Zyk",
    },
  };

  test.each(Object.entries(versions))(
    "replaces state of that version: %s",
    (_, { state, version }) => {
      const partition = startPartition();
      partition.apply(statePatched("k", state), statePatched("k", { new: "1" }, { version }));

      expect(stateOf(partition)).toEqual({ new: "1" });
    },
  );

  test("does nothing where the state is another, and says nothing of it", () => {
    for (const { state } of Object.values(versions)) {
      for (const { version } of Object.values(versions).filter((other) => other.state !== state)) {
        const partition = startPartition();
        partition.apply(statePatched("k", state));

        expect(outcomeOf(partition, "k", { new: "1" }, { version })).toBe("done");
        expect(stateOf(partition)).toEqual(state);
      }
    }
  });

  test("is compared when its turn comes, not when it was asked for", () => {
    const partition = startPartition();
    const { version } = versions.empty;
    partition.apply(
      submitted(A, exclusive("k")),
      statePatched("k", { new: "1" }, { version }),
      appended(A, [setState("a", "by A")]),
      ended(A),
    );

    expect(stateOf(partition)).toEqual({ a: "by A" });
    expect(partition.rows("inbox")).toEqual([]);
  });
});

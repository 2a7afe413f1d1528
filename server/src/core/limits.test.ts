// Limits of scopes: how many run at the same time, who waits, who is next.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { sleep } from "./commands.fixture.js";
import { countOf } from "./context.js";
import {
  A,
  B,
  C,
  D,
  appended,
  attemptLost,
  beside,
  ended,
  exclusive,
  failed,
  firstOf,
  idOf,
  pause,
  plain,
  resumed,
  retryAt,
  runIdAt,
  submitted,
  suspended,
} from "./events.fixture.js";
import { ofKind, startPartition, type PartitionUnderTest } from "./partition.fixture.js";
import {
  cancelled,
  killed,
  paused,
  restarted,
  rulesChanged,
  rulesReplaced,
  scoped,
  type Rule,
} from "./verbs.fixture.js";

const { READY, SUSPENDED, INBOXED, COMPLETED, SCHEDULED } = InvocationStatus;

function withRules(rules: Record<string, number | Rule>): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(rulesReplaced(rules));
  return partition;
}

/** Submits so many with a limit key; their numbers go on from `first`. */
function submit(
  partition: PartitionUnderTest,
  count: number,
  { scope = "s", limitKey = "", first = 1 } = {},
): string[] {
  const runIds = Array.from({ length: count }, (_, n) => runIdAt(first + n));
  partition.apply(...runIds.map((runId) => submitted(runId, scoped(plain(), scope, limitKey))));
  return runIds;
}

/** Those that run, as letters or numbers of their run ids. */
function running(partition: PartitionUnderTest, runIds: readonly string[]): string[] {
  return runIds.filter((runId) => partition.statusOf(runId) === READY);
}

const count = (partition: PartitionUnderTest, name: string): number =>
  countOf(partition, `limit:${name}`);

describe("a limit of a scope", () => {
  test("lets so many run, and the next when one has ended, in order of arrival", () => {
    const partition = withRules({ s: 2 });
    const runIds = submit(partition, 5);
    const [first = "", second = "", third = "", fourth = ""] = runIds;
    expect(running(partition, runIds)).toEqual([first, second]);

    const effects = partition.apply(ended(second));

    expect(ofKind(effects, "ready").map(({ runId }) => runId)).toEqual([third]);
    partition.apply(ended(first));
    expect(running(partition, runIds)).toEqual([third, fourth]);
    expect(count(partition, "s")).toBe(2);
  });

  test("is nobody's business outside of the scope", () => {
    const partition = withRules({ s: 0 });

    partition.apply(submitted(A, plain()), submitted(B, scoped(plain(), "s2")));

    expect(running(partition, [A, B])).toEqual([A, B]);
  });

  test("that there is no rule for does not hold anybody, but who runs is counted", () => {
    const partition = withRules({});
    const runIds = submit(partition, 3);
    expect(running(partition, runIds)).toEqual(runIds);
    expect(count(partition, "s")).toBe(3);

    partition.apply(rulesReplaced({ s: 3 }), submitted(D, scoped(plain(), "s")));

    expect(partition.statusOf(D)).toBe(INBOXED);
  });

  test("without a concurrency limits nothing", () => {
    const partition = withRules({ s: { description: "no limit yet" } });
    const runIds = submit(partition, 3);

    expect(running(partition, runIds)).toEqual(runIds);
  });

  test("leaves no count and no row when all have ended", () => {
    const partition = withRules({ s: 1, "s/*": 1 });
    const target = scoped(plain({ kept: 0 }), "s", "a/b");
    partition.apply(submitted(A, target), submitted(B, target));

    partition.apply(ended(A), ended(B));

    const left = partition.content().filter((row) => /limit:|^inbox|^invocations/.test(row));
    expect(left).toEqual([]);
  });

  test("holds what was scheduled when its time comes, not before", () => {
    const partition = withRules({ s: 1 });
    partition.apply(submitted(A, scoped(plain(), "s"), { startAt: 2_000 }));
    partition.apply(submitted(B, scoped(plain(), "s")));
    expect(partition.statusOf(A)).toBe(SCHEDULED);

    partition.advanceTo(2_000);
    expect(partition.statusOf(A)).toBe(INBOXED);
    partition.apply(ended(B));

    expect(partition.statusOf(A)).toBe(READY);
  });
});

describe("what runs is counted until it ends", () => {
  const target = scoped(plain(), "s");
  function twoOfOne(): PartitionUnderTest {
    const partition = withRules({ s: 1 });
    partition.apply(submitted(A, target), submitted(B, target));
    return partition;
  }

  test.each([
    ["a suspension", [appended(A, [sleep(1, 500)]), suspended(A, firstOf(1))]],
    ["a failure", [failed(A, retryAt(1_500))]],
    ["a lost session", [attemptLost(A)]],
    ["a pause after failures", [failed(A, pause)]],
    ["a pause by hand", [paused(idOf(A))]],
    ["a pause and a resume", [paused(idOf(A)), resumed(idOf(A))]],
    ["a move to another deployment", [resumed(idOf(A), "dp_2")]],
    ["a cancel that its code hears of", [cancelled(idOf(A))]],
  ])("through %s", (_, events) => {
    const partition = twoOfOne();

    partition.apply(...events);
    partition.advanceTo(2_000);

    expect(partition.statusOf(B)).toBe(INBOXED);
    expect(count(partition, "s")).toBe(1);
    partition.apply(killed(idOf(A)));
    expect(partition.statusOf(B)).toBe(READY);
    expect(count(partition, "s")).toBe(1);
  });

  test("not twice when it wakes", () => {
    const partition = twoOfOne();
    partition.apply(appended(A, [sleep(1, 500)]), suspended(A, firstOf(1)));
    expect(partition.statusOf(A)).toBe(SUSPENDED);

    partition.advanceTo(1_500);

    expect(count(partition, "s")).toBe(1);
  });
});

describe("one that waits for a limit and is ended", () => {
  test.each([
    ["cancelled", cancelled],
    ["killed", killed],
  ])("%s: frees nothing, and those behind it keep their order", (_, verb) => {
    const partition = withRules({ s: 1 });
    const runIds = submit(partition, 4);
    const [first = "", second = "", third = "", fourth = ""] = runIds;

    partition.apply(verb(idOf(third)));

    expect(partition.statusOf(third)).toBe(COMPLETED);
    expect(count(partition, "s")).toBe(1);
    expect(running(partition, runIds)).toEqual([first]);
    partition.apply(ended(first));
    expect(running(partition, runIds)).toEqual([second]);
    partition.apply(ended(second));
    expect(running(partition, runIds)).toEqual([fourth]);
  });
});

describe("limit keys", () => {
  test("each have a queue of their own: a full one does not hold the others", () => {
    const partition = withRules({ "s/*": 1 });
    const a = submit(partition, 3, { limitKey: "a" });
    const b = submit(partition, 2, { limitKey: "b", first: 11 });

    expect(running(partition, [...a, ...b])).toEqual([a[0], b[0]]);
    partition.apply(ended(b[0] ?? ""));
    expect(running(partition, [...a, ...b])).toEqual([a[0], b[1]]);
  });

  test("of two levels count on both, and for the scope", () => {
    const partition = withRules({ "s/a": 2, "s/a/*": 1 });
    const x = submit(partition, 2, { limitKey: "a/x" });
    const y = submit(partition, 1, { limitKey: "a/y", first: 11 });
    const z = submit(partition, 1, { limitKey: "a/z", first: 21 });
    const all = [...x, ...y, ...z];

    expect(running(partition, all)).toEqual([x[0], y[0]]);
    expect(["s", "s/a", "s/a/x", "s/a/y", "s/a/z"].map((name) => count(partition, name))).toEqual([
      2, 2, 1, 1, 0,
    ]);
    partition.apply(ended(y[0] ?? ""));
    // The queue of what has ended comes last.
    expect(running(partition, all)).toEqual([x[0], z[0]]);
  });

  test("take turns for the room of their scope", () => {
    const partition = withRules({ s: 1 });
    const a = submit(partition, 3, { limitKey: "a" });
    const b = submit(partition, 3, { limitKey: "b", first: 11 });
    const none = submit(partition, 3, { limitKey: "", first: 21 });
    const all = [...a, ...b, ...none];

    const order: (string | undefined)[] = [];
    for (let [next] = running(partition, all); next !== undefined;) {
      order.push(next);
      partition.apply(ended(next));
      [next] = running(partition, all);
    }

    expect(order).toEqual([a[0], b[0], none[0], a[1], b[1], none[1], a[2], b[2], none[2]]);
  });

  test("that begin alike are not taken for one another", () => {
    const partition = withRules({ "s/a": 1 });

    partition.apply(
      ...["a", "ab", "a/b", "b"].map((limitKey, n) => {
        return submitted(runIdAt(n + 1), scoped(plain(), "s", limitKey));
      }),
      submitted(runIdAt(9), scoped(plain(), "s2", "a")),
    );

    // "a/b" counts for "a".
    const all = [1, 2, 3, 4, 9].map(runIdAt);
    expect(running(partition, all)).toEqual([1, 2, 4, 9].map(runIdAt));
  });

  test("of the second level, between others that begin alike, get the room of the first", () => {
    const partition = withRules({ "s/a": 1, "s/*": 1 });
    const keys = ["a", "a-b", "a.c", "a/x", "a/y", "ab", "b"];
    for (const [n, limitKey] of keys.entries())
      submit(partition, 2, { limitKey, first: 1 + 10 * n });
    const ofA = [1, 2, 31, 32, 41, 42].map(runIdAt);

    const order: (string | undefined)[] = [];
    for (let [next] = running(partition, ofA); next !== undefined;) {
      order.push(next);
      partition.apply(ended(next));
      [next] = running(partition, ofA);
    }

    expect(order).toEqual([1, 31, 41, 2, 32, 42].map(runIdAt));
  });

  test("that many others wait beside are started all the same", () => {
    const partition = withRules({ "s/*": 1 });
    // More queues that are full than one event looks into, before and behind it.
    const keys = Array.from({ length: 2_600 }, (_, n) => `k${String(n).padStart(4, "0")}`);
    for (const [n, limitKey] of keys.entries()) {
      submit(partition, 2, { limitKey, first: 1 + 2 * n });
    }
    const at = 1_300;

    partition.apply(ended(runIdAt(1 + 2 * at)));

    expect(partition.statusOf(runIdAt(2 + 2 * at))).toBe(READY);
  });
});

describe("the rule that counts", () => {
  const limitOf = (rules: Record<string, number | Rule>, limitKey: string): number => {
    const partition = withRules(rules);
    return running(partition, submit(partition, 9, { limitKey })).length;
  };

  test.each<[string, Record<string, number | Rule>, string, number]>([
    ["the scope itself beats any scope", { s: 1, "*": 2 }, "", 1],
    ["any scope, where it is not named", { t: 1, "*": 2 }, "", 2],
    ["the key itself beats any key", { "s/*": 1, "s/a": 2 }, "a", 2],
    ["a part that is written out beats a star, from the left", { "*/a": 2, "s/*": 3 }, "a", 3],
    ["stars alone come last", { "*/*": 2, "*/a": 3 }, "a", 3],
    ["both levels of the key", { "s/*/b": 3, "s/a/*": 2 }, "a/b", 2],
    ["a star stands for one part, not for none", { "s/*": 1 }, "", 9],
    ["nor for two", { "s/*": 4, "*/*/*": 2 }, "a/b", 2],
    [
      "a disabled rule leaves it to the next",
      { s: { concurrency: 1, disabled: true }, "*": 2 },
      "",
      2,
    ],
    ["none where all are disabled", { s: { concurrency: 1, disabled: true } }, "", 9],
    ["one without a concurrency hides the more general", { s: {}, "*": 2 }, "", 9],
    ["every level has its own: the tightest holds", { s: 5, "s/a": 3, "s/a/b": 4 }, "a/b", 3],
  ])("%s", (_, rules, limitKey, expected) => {
    expect(limitOf(rules, limitKey)).toBe(expected);
  });
});

describe("a change of the rules", () => {
  test("raised: starts as many of those who wait as there is room for, in order", () => {
    const partition = withRules({ s: 1 });
    const runIds = submit(partition, 5);

    const effects = partition.apply(rulesReplaced({ s: 3 }));

    expect(ofKind(effects, "ready").map(({ runId }) => runId)).toEqual(runIds.slice(1, 3));
    expect(running(partition, runIds)).toEqual(runIds.slice(0, 3));
  });

  test("removed, or disabled: starts all who wait", () => {
    for (const rules of [{}, { s: { concurrency: 1, disabled: true } }]) {
      const partition = withRules({ s: 1 });
      const runIds = submit(partition, 5);

      partition.apply(rulesReplaced(rules));

      expect(running(partition, runIds)).toEqual(runIds);
      expect(partition.rows("inbox")).toEqual([]);
    }
  });

  test("lowered: what runs goes on, and nobody is let in until there is room", () => {
    const partition = withRules({ s: 3 });
    const runIds = submit(partition, 5);

    partition.apply(rulesReplaced({ s: 1 }));
    expect(running(partition, runIds)).toHaveLength(3);
    for (const runId of runIds.slice(0, 2)) partition.apply(ended(runId));
    expect(running(partition, runIds)).toEqual([runIds[2]]);
    partition.apply(ended(runIds[2] ?? ""));

    expect(running(partition, runIds)).toEqual([runIds[3]]);
  });

  test("replaces all rules, and is the same to a replay", () => {
    const partition = withRules({ s: 1, t: 2 });
    submit(partition, 3);
    partition.apply(rulesReplaced({ u: 5 }));

    expect(partition.rows("rules").map(({ value }) => value.pattern)).toEqual(["u"]);
    expect(partition.replayed().content()).toEqual(partition.content());
  });

  test("of some leaves the others, starts who has room, and is the same to a replay", () => {
    const partition = withRules({});
    partition.apply(rulesChanged(1, { s: 1, t: 2, u: 3 }));
    const runIds = submit(partition, 3);
    expect(running(partition, runIds)).toEqual(runIds.slice(0, 1));

    partition.apply(rulesChanged(2, { s: 2, v: 4 }, ["t", "never"]));

    expect(running(partition, runIds)).toEqual(runIds.slice(0, 2));
    const rules = partition.rows("rules").map(({ key, value }) => [key, value.concurrency]);
    expect(Object.fromEntries(rules)).toEqual({ s: 2, u: 3, v: 4 });
    expect(partition.replayed().content()).toEqual(partition.content());
  });

  test("of some is refused by a partition that has missed one before, and changes nothing", () => {
    const partition = withRules({});
    partition.apply(rulesChanged(1, { s: 1 }));
    const before = partition.content();

    for (const version of [1, 3]) {
      expect(() => partition.apply(rulesChanged(version, { s: 5 }))).toThrow("left out");
      expect(partition.content()).toEqual(before);
    }
    partition.apply(rulesReplaced({ t: 1 }, 3), rulesChanged(4, { u: 1 }));
    expect(partition.rows("rules").map(({ key }) => key)).toEqual(["t", "u"]);
  });

  test("starts all who have room, however many they are", () => {
    const partition = withRules({ s: 0 });
    const runIds = submit(partition, 1_500);

    partition.apply(rulesReplaced({}));

    expect(running(partition, runIds)).toEqual(runIds);
  });
});

describe("exclusive handlers in a scope", () => {
  const target = (key: string): ReturnType<typeof scoped> => scoped(exclusive(key), "s");

  test("lock before limit: who waits for the lock does not count", () => {
    const partition = withRules({ s: 2 });
    partition.apply(submitted(A, target("k")), submitted(B, target("k")));
    expect(count(partition, "s")).toBe(1);

    partition.apply(submitted(C, target("k2")));
    expect(running(partition, [A, B, C])).toEqual([A, C]);
    partition.apply(submitted(D, target("k3")));
    expect(partition.statusOf(D)).toBe(INBOXED);

    // The lock goes to B, but the room that A leaves to D, who waited for it longer.
    partition.apply(ended(A));
    expect(running(partition, [B, C, D])).toEqual([C, D]);
    expect(partition.invocation(B).queueGroup).not.toBe("");
    partition.apply(ended(C));
    expect(running(partition, [B, D])).toEqual([B, D]);
  });

  test("hold the lock of their key while they wait for the limit", () => {
    const partition = withRules({ s: 0 });
    partition.apply(submitted(A, target("k")), submitted(B, target("k")));

    partition.apply(rulesReplaced({}));

    expect(running(partition, [A, B])).toEqual([A]);
    partition.apply(ended(A));
    expect(running(partition, [B])).toEqual([B]);
    expect(partition.rows("inbox")).toEqual([]);
  });

  test("of the same key in another scope, or in none, have another lock", () => {
    const partition = startPartition();
    partition.apply(
      submitted(A, target("k")),
      submitted(B, exclusive("k")),
      submitted(C, scoped(exclusive("k"), "s2")),
    );

    expect(running(partition, [A, B, C])).toEqual([A, B, C]);
  });

  test("count beside shared ones of the same scope", () => {
    const partition = withRules({ s: 1 });
    partition.apply(submitted(A, target("k")), submitted(B, scoped(beside("k"), "s")));

    expect(partition.statusOf(B)).toBe(INBOXED);
  });
});

test("one that is restarted waits like any other", () => {
  const partition = withRules({ s: 1 });
  partition.apply(submitted(A, scoped(plain(), "s")), ended(A));
  partition.apply(submitted(B, scoped(plain(), "s")), restarted(idOf(A), C));

  expect(partition.statusOf(C)).toBe(INBOXED);
  partition.apply(ended(B));
  expect(partition.statusOf(C)).toBe(READY);
});

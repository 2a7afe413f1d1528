import { describe, expect, test } from "vitest";
import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import {
  isInvocationId,
  partitionCount,
  partitionOfInvocationId,
  uuidOfInvocationId,
} from "@perdure/protocol/ids";
import { identify, newRunId, partitionOfObject, randomSeed, type IdentityOf } from "./identity.js";

const { RUN, EXCLUSIVE, SHARED } = HandlerKind;
const plain: IdentityOf = {
  service: "Greeter",
  handler: { name: "greet", kind: SHARED },
  key: undefined,
  idempotencyKey: undefined,
  scope: undefined,
};
const object: IdentityOf = {
  service: "Counter",
  handler: { name: "add", kind: EXCLUSIVE },
  key: "k",
  idempotencyKey: undefined,
  scope: undefined,
};
const workflow: IdentityOf = { ...object, handler: { name: "run", kind: RUN } };

const idOf = (of: IdentityOf): string => identify(of, 1_000).id;

describe("a run id", () => {
  test("is new each time, and sorts behind those of earlier milliseconds", () => {
    const ids = Array.from({ length: 5_000 }, () => newRunId(1_700_000_000_000.7));

    expect(new Set(ids).size).toBe(ids.length);
    expect(newRunId(1_700_000_000_001) > (ids.toSorted().at(-1) ?? "")).toBe(true);
    for (const id of ids.slice(0, 10)) expect(id).toHaveLength(22);
  });
});

describe("the id of an invocation", () => {
  test("is new, and its uuid the run id, where nothing identifies it", () => {
    const { id, runId, partition } = identify(plain, 1_000);

    expect(isInvocationId(id)).toBe(true);
    expect(uuidOfInvocationId(id)).toBe(runId);
    expect(partitionOfInvocationId(id)).toBe(partition);
    expect(idOf(plain)).not.toBe(id);
  });

  test("of an object's handler is new, in the partition of its key", () => {
    const [first, second] = [identify(object, 1_000), identify(object, 1_000)];

    expect(second.id).not.toBe(first.id);
    expect(uuidOfInvocationId(first.id)).toBe(first.runId);
    expect(second.partition).toBe(first.partition);
    expect(partitionOfInvocationId(first.id)).toBe(first.partition);
  });

  test("of a workflow's run follows from its key, whatever the run's handler is called", () => {
    const again = { ...workflow, handler: { name: "main", kind: RUN } };

    expect(idOf(workflow)).toBe(idOf(workflow));
    expect(idOf(again)).toBe(idOf(workflow));
    expect(identify(workflow, 1).runId).not.toBe(identify(workflow, 1).runId);
  });

  test("of an idempotent call follows from all that identifies it, and from nothing else", () => {
    const once: IdentityOf = { ...plain, idempotencyKey: "once" };
    const different: IdentityOf[] = [
      { ...once, idempotencyKey: "twice" },
      { ...once, service: "Other" },
      { ...once, handler: { name: "other", kind: SHARED } },
      { ...once, key: "k" },
      { ...once, key: "" },
      // The same letters, cut otherwise.
      { ...once, service: "Greete", handler: { name: "rgreet", kind: SHARED } },
      { ...once, handler: { name: "greeto", kind: SHARED }, idempotencyKey: "nce" },
    ];

    expect(idOf(once)).toBe(idOf(once));
    expect(new Set([once, ...different].map(idOf)).size).toBe(different.length + 1);
  });

  test("places handlers of one key together: the run, those beside it, idempotent or not", () => {
    const beside = { ...workflow, handler: { name: "verify", kind: SHARED } };
    const placed = [workflow, beside, { ...beside, idempotencyKey: "x" }];

    expect(new Set(placed.map((of) => identify(of, 1).partition)).size).toBe(1);
  });

  test("spreads over all partitions", () => {
    const partitions = Array.from({ length: 2_000 }, (_, n) => [
      identify(plain, n).partition,
      identify({ ...object, key: String(n) }, n).partition,
    ]);

    for (const column of [0, 1]) {
      expect(new Set(partitions.map((row) => row[column])).size).toBe(partitionCount);
    }
  });
});

describe("a scope", () => {
  const targets: IdentityOf[] = [
    plain,
    { ...plain, idempotencyKey: "once" },
    { ...plain, service: "Other", idempotencyKey: "twice" },
    object,
    { ...object, key: "k2", idempotencyKey: "once" },
    workflow,
    { ...workflow, handler: { name: "verify", kind: SHARED } },
  ];

  test("is in one partition, whatever is in it", () => {
    for (const scope of ["s", "t", "tenant-1"]) {
      const placed = targets.map((of) => identify({ ...of, scope }, 1).partition);
      placed.push(partitionOfObject({ service: "Counter", key: "k", scope }));
      expect(new Set(placed).size).toBe(1);
    }
  });

  test("spreads scopes over all partitions", () => {
    const scopes = Array.from({ length: 2_000 }, (_, n) => `tenant-${String(n)}`);
    const placed = scopes.map((scope) => identify({ ...plain, scope }, 1).partition);

    expect(new Set(placed).size).toBe(partitionCount);
  });

  test("makes other ids of what is the same otherwise: in none, in one, in another", () => {
    const named = targets.filter(
      (of) => of.idempotencyKey !== undefined || of.handler.kind === RUN,
    );
    for (const of of named) {
      const ids = [undefined, "s", "t"].map((scope) => idOf({ ...of, scope }));
      const uuids = ids.map(uuidOfInvocationId);
      expect(new Set(ids).size).toBe(3);
      expect(new Set(uuids).size).toBe(3);
      expect(idOf({ ...of, scope: "s" })).toBe(ids[1]);
    }
  });

  test("is never read as another part of what identifies: no two lists meet", () => {
    const names = ["s", "x", "run"];
    const keys = [undefined, "", "s", "x"];
    const lists = names.flatMap((service) =>
      names.flatMap((name) =>
        [undefined, "s", "x"].flatMap((scope) =>
          keys.flatMap((key) =>
            ["s", "x"].map((idempotencyKey): IdentityOf => {
              return { service, handler: { name, kind: SHARED }, key, idempotencyKey, scope };
            }),
          ),
        ),
      ),
    );
    const runs = names.flatMap((service) =>
      [undefined, "s", "x"].flatMap((scope) =>
        ["", "s", "x"].map((key): IdentityOf => {
          const handler = { name: "run", kind: RUN };
          return { service, handler, key, idempotencyKey: undefined, scope };
        }),
      ),
    );
    const all = [...lists, ...runs];

    expect(new Set(all.map((of) => uuidOfInvocationId(idOf(of)))).size).toBe(all.length);
  });

  test("does not move what is in none", () => {
    const { partition } = identify(object, 1);

    expect(partitionOfObject({ service: "Counter", key: "k", scope: undefined })).toBe(partition);
  });
});

test("a random seed has 64 bits, another each time", () => {
  const seeds = Array.from({ length: 5_000 }, randomSeed);

  expect(new Set(seeds).size).toBe(seeds.length);
  expect(seeds.some((seed) => seed >= 1n << 63n)).toBe(true);
  for (const seed of seeds) expect(seed < 1n << 64n && seed >= 0n).toBe(true);
});

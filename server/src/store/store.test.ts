import { cpSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { InboxRowSchema, TimerRowSchema } from "@perdure/proto/storage/v1/records";
import { partitionCount, registryPartition } from "@perdure/protocol/ids";
import { run } from "../core/commands.fixture.js";
import { A, B, exclusive, plain, submitted } from "../core/events.fixture.js";
import { apply } from "../core/apply.js";
import { createInlineWriter, type CheckpointWriter } from "./checkpoint-writer.js";
import { Environment } from "./environment.js";
import { openStore, stateRow, temporaryDirectory } from "./store.fixture.js";
import { Store } from "./store.js";

/** An event of a partition that puts some rows of state. */
function putState(store: Store, partition: number, rows: Record<string, string>): void {
  const tables = store.partition(partition);
  for (const [key, text] of Object.entries(rows)) tables.state.put(key, stateRow(text));
  tables.undo.commit();
  tables.partitionState.appliedPosition++;
}

function submitTo(store: Store, partition: number): void {
  const tables = store.partition(partition);
  const at = { partition, partitions: 64, epoch: 1, nowMs: 1_000 };
  const context = { ...at, tables, token: undefined };
  for (const event of [
    submitted(A, exclusive("k"), { parameter: "x".repeat(5_000) }),
    submitted(B, exclusive("k"), { startAt: 9_000 }),
    submitted("C", plain()),
  ]) {
    apply({ ...context, emit: () => undefined }, event);
    tables.undo.commit();
    tables.partitionState.appliedPosition++;
  }
}

/** Rows that fill more than one transaction. */
function many(letter: string, count = 300): Record<string, string> {
  const rows = Array.from({ length: count }, (_, n) => [`${letter}${n}`, letter.repeat(8_000)]);
  return Object.fromEntries(rows);
}

function textsOf(store: Store, partition: number): string[] {
  const rows = store.partition(partition).state.scan("", "\u00ff", Number.MAX_SAFE_INTEGER);
  return rows.map((row) => row.value.name);
}

describe("a checkpoint", () => {
  test("and a new start leave every row as it was", async () => {
    const directory = temporaryDirectory();
    const store = new Store({ directory, writer: "inline" });
    for (const partition of [0, 7, 63]) submitTo(store, partition);
    store.partition(7).partitionState.epoch = 5;
    const digest = store.digest();

    await store.checkpoint(42);

    expect(store.digest()).toBe(digest);
    expect(store.checkpointPosition).toBe(42);
    await store.close();
    const again = openStore(directory);
    expect(again.digest()).toBe(digest);
    expect(again.checkpointPosition).toBe(42);
    expect(again.partition(7).partitionState).toMatchObject({ epoch: 5, appliedPosition: 3 });
    expect(again.partition(8).partitionState.appliedPosition).toBe(0);
  });

  test("takes what was written since the one before, changes and removals alike", async () => {
    const directory = temporaryDirectory();
    const store = new Store({ directory, writer: "inline" });
    putState(store, 0, { a: "1", b: "1", c: "1" });
    await store.checkpoint(1);

    putState(store, 0, { b: "2", d: "2" });
    store.partition(0).state.delete("a");
    store.partition(0).partitionState.appliedPosition++;
    const digest = store.digest();
    await store.checkpoint(2);
    await store.close();

    const again = openStore(directory);
    expect(again.digest()).toBe(digest);
    expect(textsOf(again, 0)).toEqual(["2", "1", "2"]);
  });

  test("puts the parts of a journal together, and removes one that is gone", async () => {
    const directory = temporaryDirectory();
    const store = new Store({ directory, writer: "inline" });
    const { journal, partitionState } = store.partition(0);
    for (let position = 1; position <= 4; position++) {
      for (let n = 0; n < 3; n++) journal.append(A, (position - 1) * 3 + n, run(position * 10 + n));
      if (position < 3) journal.append(B, position - 1, run(position));
      if (position === 3) journal.delete(B);
      partitionState.appliedPosition = position;
      await store.checkpoint(position);
      expect(journal.read(A)).toHaveLength(position * 3);
    }
    await store.close();

    const again = openStore(directory).partition(0).journal;
    const idsFrom = (from?: number): number[] =>
      again.read(A, from).map(({ body }) => (body.case === "run" ? body.value.completionId : 0));
    const ids = [10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42];
    expect(idsFrom()).toEqual(ids);
    for (let from = 0; from <= 13; from++) expect(idsFrom(from)).toEqual(ids.slice(from));
    expect(again.read(B)).toEqual([]);
    expect(again.read(B, 2)).toEqual([]);
  });

  test("is not seen while it is written: reads are right at every moment", async () => {
    const store = new Store({ directory: temporaryDirectory(), writer: "inline", msPerTurn: 0 });
    const partitions = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    for (const partition of partitions) {
      putState(store, partition, many("a", 60));
      store.partition(partition).journal.append(A, 0, run(1));
    }
    await store.checkpoint(1);
    for (const partition of partitions) {
      putState(store, partition, { ...many("b", 60), a0: "changed" });
      store.partition(partition).journal.append(A, 1, run(2));
      store.partition(partition).inbox.put("first", create(InboxRowSchema, { runId: A }));
    }
    const digest = store.digest();

    let isOver = false;
    const checkpoint = store.checkpoint(2).then(() => (isOver = true));
    let looks = 0;
    while (!isOver) {
      expect(store.digest()).toBe(digest);
      for (const partition of partitions) {
        expect(store.partition(partition).journal.read(A)).toHaveLength(2);
      }
      looks++;
      await nextTurn();
    }
    await checkpoint;

    expect(looks).toBeGreaterThan(3);
    expect(store.digest()).toBe(digest);
  }, 20_000);

  test("does not take in what is written while it goes on; the next one does", async () => {
    const directory = temporaryDirectory();
    const store = new Store({ directory, writer: "inline" });
    putState(store, 0, { ...many("a"), x: "before" });

    const checkpoint = store.checkpoint(1);
    putState(store, 0, { x: "meanwhile" });
    store.partition(0).state.delete("a0");
    store.partition(0).undo.commit();
    const digest = store.digest();
    await checkpoint;

    expect(store.digest()).toBe(digest);
    const copy = temporaryDirectory();
    cpSync(directory, copy, { recursive: true });
    expect(openStore(copy).partition(0).state.get("x")?.name).toBe("before");
    await store.checkpoint(2);
    await store.close();
    expect(openStore(directory).digest()).toBe(digest);
  });

  test("that finds no room says so each time, and goes on when there is some", async () => {
    const environment = Environment.open(temporaryDirectory());
    let isFull = true;
    const inline = createInlineWriter(environment);
    const writer: CheckpointWriter = {
      ...inline,
      write: (bytes) =>
        isFull ? Promise.resolve({ outcome: "diskFull", bytes }) : inline.write(bytes),
    };
    const mappedPages = { areMany: false, letGo: (): void => undefined };
    const simulated = { environment, writer, mappedPages };
    const store = new Store({ directory: "", writer: "inline", simulated });
    putState(store, 0, { a: "1" });
    let told = 0;

    const outcome = await store.checkpoint(1, () => {
      isFull = ++told < 2;
    });

    expect(outcome).toBe("written");
    expect(told).toBe(2);
    expect(store.checkpointPosition).toBe(1);
    await store.close();
  });

  test("that a crash ends leaves each partition as a whole, with its position", async () => {
    const directory = temporaryDirectory();
    const store = new Store({ directory, writer: "inline", msPerTurn: 0 });
    const partitions = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    for (const partition of partitions) putState(store, partition, many("a", 60));
    await store.checkpoint(4);
    for (const partition of partitions) putState(store, partition, many("b", 60));

    let isOver = false;
    const checkpoint = store.checkpoint(8).then(() => (isOver = true));
    const seen = new Set<string>();
    while (!isOver) {
      // No write is under way between turns: this is what a killed process leaves.
      const copy = temporaryDirectory();
      cpSync(directory, copy, { recursive: true });
      const crashed = openStore(copy);
      const positions = partitions.map((partition) => {
        const { appliedPosition } = crashed.partition(partition).partitionState;
        expect(textsOf(crashed, partition)).toHaveLength(appliedPosition * 60);
        return appliedPosition;
      });
      expect(crashed.checkpointPosition).toBe(4);
      seen.add(positions.join(""));
      await nextTurn();
    }
    await checkpoint;

    for (const positions of seen) expect(positions).toMatch(/^2*1+$/);
    expect(seen.size).toBeGreaterThan(2);
  }, 20_000);

  test("with very many removals is several transactions, though they have few bytes", async () => {
    const directory = temporaryDirectory();
    const environment = Environment.open(directory);
    const inline = createInlineWriter(environment);
    let transactions = 0;
    const writer: CheckpointWriter = {
      ...inline,
      write: (batch) => {
        transactions++;
        return inline.write(batch);
      },
    };
    const mappedPages = { areMany: false, letGo: () => undefined };
    const simulated = { environment, writer, mappedPages };
    const store = new Store({ directory, writer: "inline", simulated });
    for (const partition of [1, 2, 3, 4]) {
      const tables = store.partition(partition);
      for (let row = 0; row < 1_000; row++) tables.state.delete(`row ${String(row)}`);
      tables.undo.commit();
      tables.partitionState.appliedPosition++;
    }

    await store.checkpoint(1);

    // One for each partition, and one for the position.
    expect(transactions).toBe(5);
    await store.close();
  });

  test("of nothing writes its position", async () => {
    const directory = temporaryDirectory();
    const store = new Store({ directory, writer: "inline" });
    await store.checkpoint(9);
    await store.close();

    expect(openStore(directory).checkpointPosition).toBe(9);
  });

  test("may come any number of times: scans that stop early keep no snapshot", async () => {
    const directory = temporaryDirectory();
    const store = openStore(directory);
    const row = create(TimerRowSchema, { runId: A });
    const { timers, undo, partitionState } = store.partition(0);

    // LMDB has 126 slots for readers, and can't use pages anew that one of them may see.
    for (let round = 1; round <= 200; round++) {
      for (let n = 0; n < 10; n++) timers.put(`${round % 7}-${n}`, row);
      undo.commit();
      partitionState.appliedPosition++;
      await store.checkpoint(round);
      expect(timers.scan("", "\u00ff", 1)).toHaveLength(1);
      await delay(1);
    }

    expect(statSync(join(directory, "data.mdb")).size).toBeLessThan(200_000);
  }, 30_000);

  test("lets the live layers begin anew", async () => {
    const store = openStore(temporaryDirectory());
    putState(store, 0, many("a"));
    expect(store.liveBytes).toBeGreaterThan(300 * 8_000);

    const checkpoint = store.checkpoint(1);

    expect(store.liveBytes).toBe(0);
    expect(store.checkpointing).toBe(true);
    expect(await checkpoint).toBe("written");
    expect(store.checkpointing).toBe(false);
  });
});

describe("a store", () => {
  test("has all partitions, and the registry's", () => {
    const store = openStore(temporaryDirectory());

    expect([...store.partitionNumbers]).toEqual([
      ...Array(partitionCount).keys(),
      registryPartition,
    ]);
    expect(() => store.partition(partitionCount)).toThrow(RangeError);
  });

  test("has another digest for any other row, key or partition", () => {
    const digests = [
      (): void => undefined,
      (store: Store): void => putState(store, 0, { a: "1" }),
      (store: Store): void => putState(store, 1, { a: "1" }),
      (store: Store): void => putState(store, 0, { a: "2" }),
      (store: Store): void => putState(store, 0, { b: "1" }),
      (store: Store): void => submitTo(store, 0),
      (store: Store): void => {
        submitTo(store, 0);
        store.partition(0).journal.append(A, 1, run(1));
      },
    ].map((fillIn) => {
      const store = openStore(temporaryDirectory());
      fillIn(store);
      return store.digest();
    });

    expect(new Set(digests).size).toBe(digests.length);
  });

  test("keeps a row with the longest key that the core lets in", async () => {
    const directory = temporaryDirectory();
    const store = new Store({ directory, writer: "inline" });
    // A service name of 256 bytes, an object key and a state key of 512 control characters, all escaped.
    const key = `${"s".repeat(256)}\u0000${"\u0001\u0001".repeat(512)}\u0000${"k".repeat(512)}`;
    putState(store, 0, { [key]: "1" });

    await store.checkpoint(1);
    await store.close();

    expect(openStore(directory).partition(0).state.get(key)?.name).toBe("1");
  });
});

test("an object that is cleared is empty but for what came later, before and after checkpoints and a restart", async () => {
  const directory = temporaryDirectory();
  const store = new Store({ directory, writer: "inline" });
  const ofObject = (object: string): Record<string, string> =>
    Object.fromEntries(Object.entries(many("a", 2_500)).map(([key, text]) => [object + key, text]));
  const keysOf = (of: Store): string[] =>
    of
      .partition(0)
      .state.scan("", "\u00ff", 9_999)
      .map(({ key }) => key);
  putState(store, 0, { ...ofObject("one\u0000"), "two\u0000x": "kept" });
  await store.checkpoint(1);

  store.partition(0).state.clear("one\u0000");
  putState(store, 0, { "one\u0000new": "later" });

  const expected = ["one\u0000new", "two\u0000x"];
  expect(keysOf(store)).toEqual(expected);
  const checkpoint = store.checkpoint(2);
  expect(keysOf(store)).toEqual(expected);
  await checkpoint;
  expect(keysOf(store)).toEqual(expected);
  const digest = store.digest();
  await store.close();
  const reopened = openStore(directory);
  expect(keysOf(reopened)).toEqual(expected);
  expect(reopened.digest()).toBe(digest);
});

const builtStore = join(import.meta.dirname, "../../dist/store/store.js");

describe("the thread that writes checkpoints", () => {
  // It runs from built files; `npm test` builds them first.
  test.skipIf(!existsSync(builtStore))("writes what the one in place writes", async () => {
    const built = (await import(builtStore)) as { Store: typeof Store };
    const directory = temporaryDirectory();
    const store = new built.Store({ directory, writer: "thread" });
    for (let position = 1; position <= 3; position++) {
      for (let partition = 0; partition < 4; partition++) {
        putState(store, partition, many(String(position), 100));
      }
      const digest = store.digest();
      const checkpoint = store.checkpoint(position);
      putState(store, 9, { [`meanwhile-${position}`]: "x" });
      await checkpoint;
      store.partition(9).state.delete(`meanwhile-${position}`);
      expect(store.digest()).toBe(digest);
    }
    const digest = store.digest();
    await store.checkpoint(4);
    await store.close();

    expect(openStore(directory).digest()).toBe(digest);
  });

  test.skipIf(!existsSync(builtStore))(
    "and the store let go of the file between checkpoints, and lose nothing",
    async () => {
      const built = (await import(builtStore)) as { Store: typeof Store };
      const directory = temporaryDirectory();
      let times = 0;
      const mappedPages = { areMany: true, letGo: (): number => times++ };
      const store = new built.Store({ directory, writer: "thread", mappedPages });
      const seen = new Set<string>();
      for (let position = 1; position <= 5; position++) {
        putState(store, position % 4, many(String(position), 100));
        const digest = store.digest();
        const checkpoint = store.checkpoint(position);
        seen.add(store.digest() === digest ? "the same" : "something else");
        await checkpoint;
        seen.add(store.digest() === digest ? "the same" : "something else");
      }
      const digest = store.digest();
      await store.close();

      expect(times).toBe(5);
      expect([...seen]).toEqual(["the same"]);
      expect(openStore(directory).digest()).toBe(digest);
    },
  );
});

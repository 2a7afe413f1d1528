// Partitions of generated histories, moved from shard to shard: they stay what they are, to the letter. A failing history
// prints its seed; PERDURE_TEST_SEED repeats it, PERDURE_TEST_RUNS asks for more.

import { registryPartition } from "@perdure/protocol/ids";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { chooseFrom, runsAndSeed } from "../core/actors.fixture.js";
import { sequenceRow } from "../core/rows.js";
import { Environment } from "../store/environment.js";
import { History } from "../store/history.fixture.js";
import { stateRow, temporaryDirectory } from "../store/store.fixture.js";
import { Store } from "../store/store.js";
import { movePartitions, type Moved } from "./move-partitions.js";
import { shardOf } from "./placement.js";

type Happening = "submit" | "attempt" | "signal" | "verb" | "patch" | "rules" | "deliver" | "pass";

const happenings = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Happening>("submit", "attempt", "attempt") },
    { weight: 4, arbitrary: fc.constantFrom<Happening>("deliver", "pass") },
    { weight: 2, arbitrary: fc.constantFrom<Happening>("signal", "verb", "patch", "rules") },
  ),
  { minLength: 20, maxLength: 150, size: "max" },
);
const decisions = fc.array(fc.nat(10_000), { minLength: 50, maxLength: 300, size: "max" });
const shardCounts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

function happen(history: History, happening: Happening): void {
  if (happening === "deliver") history.deliver(2);
  else if (happening === "pass") history.pass(40);
  else history[happening]();
}

/** Everything of one partition, its own record included. */
function contentOf(store: Store, partition: number): object {
  const { epoch, behavior, appliedPosition, appliedAt } = store.partition(partition).partitionState;
  const rows = store.digest((each) => each === partition);
  // The histories don't log that a partition was opened.
  return { rows, behavior, appliedPosition, appliedAt, epoch: appliedPosition === 0 ? 0 : epoch };
}

async function moved(from: readonly Store[], count: number): Promise<[Store[], Moved]> {
  const directories = Array.from(Array(count), () => temporaryDirectory());
  const to = directories.map((directory) => () => Environment.open(directory));
  const result = await movePartitions({ from, to });
  if (result === "diskFull") throw new Error("there is room");
  const partitions = from[0]?.partitions ?? 0;
  const stores = directories.map((directory) => {
    return new Store({ directory, partitions, writer: "inline" });
  });
  return [stores, result];
}

const limits = runsAndSeed(12);

describe("partitions that move", () => {
  test(
    "are the same afterwards, each in its own shard and nowhere else",
    async () => {
      let rows = 0;
      await fc.assert(
        fc.asyncProperty(
          happenings,
          decisions,
          fc.constantFrom(64, 3, 1),
          shardCounts,
          async (all, numbers, partitions, counts) => {
            const history = new History(chooseFrom(numbers), partitions);
            for (const each of all) happen(history, each);
            await history.store.checkpoint(history.records);
            const before = history.partitions.map((each) => contentOf(history.store, each));
            let shards = [history.store];

            for (const count of counts) {
              const earlier = shards;
              let result: Moved;
              [shards, result] = await moved(earlier, Math.min(count, partitions));
              rows += result.rows;
              if (earlier[0] !== history.store) for (const store of earlier) await store.close();

              const home = (partition: number): number => {
                return shardOf(partition, partitions, shards.length);
              };
              const after = history.partitions.map((each) =>
                contentOf(shards[home(each)] as Store, each),
              );
              expect(after).toEqual(before);
              for (const [number, store] of shards.entries()) {
                const others = [...store.partitionNumbers].filter((partition) => {
                  return partition !== registryPartition && home(partition) !== number;
                });
                for (const other of others)
                  expect([...store.partition(other).allRows()]).toEqual([]);
                // Its log begins anew.
                expect(store.checkpointPosition).toBe(0);
              }
            }

            if (shards[0] !== history.store) for (const store of shards) await store.close();
            await history.close();
          },
        ),
        limits,
      );
      // Otherwise little was seen.
      expect(rows).toBeGreaterThan(200);
    },
    2 * limits.interruptAfterTimeLimit,
  );

  test("take the registry of the first shard along, to each of the new ones", async () => {
    const stores = await Promise.all(
      ["leads", "follows"].map(async (name, number) => {
        const store = new Store({ directory: temporaryDirectory(), writer: "inline" });
        onTestFinished(() => store.close());
        const registry = store.partition(registryPartition);
        registry.sequences.put(name, sequenceRow(1));
        registry.undo.commit();
        registry.partitionState.appliedPosition = number + 1;
        await store.checkpoint(1);
        return store;
      }),
    );

    const [shards] = await moved(stores, 3);

    for (const store of shards) {
      const { sequences, partitionState } = store.partition(registryPartition);
      expect(sequences.get("leads")?.value).toBe(1);
      expect(sequences.get("follows")).toBeUndefined();
      expect(partitionState.appliedPosition).toBe(1);
      await store.close();
    }
  });

  test("of many rows are written in transactions of bounded size", async () => {
    const store = new Store({ directory: temporaryDirectory(), writer: "inline", partitions: 1 });
    onTestFinished(() => store.close());
    const { state, undo, partitionState } = store.partition(0);
    const row = stateRow("x".repeat(100_000));
    for (let number = 100; number < 300; number++) state.put(String(number), row);
    undo.commit();
    partitionState.appliedPosition = 1;
    await store.checkpoint(1);
    const written: number[] = [];
    const directory = temporaryDirectory();
    const environment = Environment.open(directory);
    const write = environment.write.bind(environment);
    environment.write = (operations) => {
      const all = [...operations];
      written.push(all.reduce((sum, each) => sum + ("value" in each ? each.value.length : 0), 0));
      write(all);
    };

    await movePartitions({ from: [store], to: [() => environment] });

    expect(written.length).toBeGreaterThan(3);
    expect(Math.max(...written)).toBeLessThan(5 * 1024 * 1024);
    const copy = new Store({ directory, writer: "inline", partitions: 1 });
    expect(contentOf(copy, 0)).toEqual(contentOf(store, 0));
    await copy.close();
  });

  test("say so where there is no room for them", async () => {
    const store = new Store({ directory: temporaryDirectory(), writer: "inline", partitions: 1 });
    onTestFinished(() => store.close());
    const environment = Environment.open(temporaryDirectory());
    environment.write = () => {
      throw new Error("No space left on device");
    };

    expect(await movePartitions({ from: [store], to: [() => environment] })).toBe("diskFull");
  });
});

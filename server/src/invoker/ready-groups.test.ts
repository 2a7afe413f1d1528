import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readyKey } from "../core/keys.js";
import { startPartition } from "../core/partition.fixture.js";
import type { RangeTable } from "../core/tables.js";
import type { ReadyRow } from "@perdure/proto/storage/v1/records";
import { ReadyGroups } from "./ready-groups.js";

/** Ready tables, the attempts that run, and the groups over them. */
class World {
  readonly #tables = [0, 1, 2].map((number) => startPartition({ number }).tables);
  readonly running = new Map<string, { group: string; partition: number; sequence: number }>();
  readonly groups = new ReadyGroups(
    (partition) => this.tablesOf(partition),
    (runId) => this.running.has(runId),
  );
  /** Rows by run, whether an attempt runs for them or not. */
  readonly rows = new Map<string, { group: string; partition: number; sequence: number }>();
  #sequence = 0;

  tablesOf(partition: number): ReturnType<typeof startPartition>["tables"] {
    const tables = this.#tables[partition];
    if (tables === undefined) throw new Error(`no partition ${partition}`);
    return tables;
  }

  /** A row is written, and the effect of that is released. */
  becomesReady(group: string, partition: number): string {
    const runId = this.writes(group, partition);
    this.groups.add(group, { partition, runId });
    return runId;
  }

  writes(group: string, partition: number): string {
    const sequence = ++this.#sequence;
    const runId = `run-${sequence}`;
    const row: ReadyRow = { $typeName: "perdure.storage.v1.ReadyRow", runId };
    this.#ready(partition).put(readyKey(group, sequence), row);
    this.rows.set(runId, { group, partition, sequence });
    return runId;
  }

  /** What the invoker does with the next row. */
  start(group: string): string | undefined {
    for (;;) {
      const item = this.groups.take(group);
      if (item === undefined) return undefined;
      const row = this.rows.get(item.runId);
      if (row === undefined || this.running.has(item.runId)) continue;
      this.running.set(item.runId, row);
      return item.runId;
    }
  }

  ends(runId: string): void {
    const row = this.rows.get(runId);
    if (row === undefined) return;
    this.#ready(row.partition).delete(readyKey(row.group, row.sequence));
    this.rows.delete(runId);
    this.running.delete(runId);
  }

  /** Its session breaks: it is ready again, in its old row. */
  isLost(runId: string): void {
    const row = this.running.get(runId);
    if (row === undefined) return;
    this.running.delete(runId);
    this.groups.add(row.group, { partition: row.partition, runId });
  }

  #ready(partition: number): RangeTable<ReadyRow> {
    return this.tablesOf(partition).ready;
  }
}

describe("ready groups", () => {
  test("give the rows of a group in order of arrival", () => {
    const world = new World();
    const rows = [0, 1, 0, 2].map((partition) => world.becomesReady("s:Greeter", partition));
    world.becomesReady("s:Other", 0);

    const taken = rows.map(() => world.start("s:Greeter"));

    expect(taken).toEqual(rows);
    expect(world.start("s:Greeter")).toBeUndefined();
  });

  test("are there as long as they have rows", () => {
    const world = new World();
    world.becomesReady("s:Greeter", 0);
    world.becomesReady("d:dp_1", 0);
    expect(world.groups.names()).toEqual(["s:Greeter", "d:dp_1"]);

    world.start("s:Greeter");
    expect(world.start("s:Greeter")).toBeUndefined();

    expect(world.groups.names()).toEqual(["d:dp_1"]);
    expect(world.groups.take("s:Nobody")).toBeUndefined();
  });

  test("take turns: one that never runs dry does not keep another waiting, one slot at a time", () => {
    const world = new World();
    for (let n = 0; n < 50; n++) world.becomesReady("s:Hot", n % 3);
    const quiet = ["s:A", "d:dp_1"].map((group) => world.becomesReady(group, 0));

    // One slot gets free at a time, and whoever is first in line gets it.
    const started: (string | undefined)[] = [];
    for (let n = 0; n < 6; n++) {
      world.becomesReady("s:Hot", 0);
      for (const name of world.groups.names()) {
        const runId = world.start(name);
        if (runId === undefined) continue;
        started.push(runId);
        break;
      }
    }

    expect(started).toHaveLength(6);
    expect(started.slice(0, 3)).toEqual(expect.arrayContaining(quiet));
  });

  test("that were served go behind the others; one that was only looked at keeps its place", () => {
    const world = new World();
    for (const group of ["s:A", "s:B", "s:C"]) {
      world.becomesReady(group, 0);
      world.becomesReady(group, 0);
    }

    world.start("s:A");
    expect(world.groups.names()).toEqual(["s:B", "s:C", "s:A"]);
    world.start("s:C");

    expect(world.groups.names()).toEqual(["s:B", "s:A", "s:C"]);
  });

  test("are found in the tables after a restart, each with its rows in order", () => {
    const world = new World();
    const written = [
      ["s:A", 0],
      ["s:AB", 0],
      ["d:dp_1", 0],
      ["s:A", 1],
      ["s:A", 0],
    ] as const;
    const runs = written.map(([group, partition]) => world.writes(group, partition));

    for (const partition of [0, 1, 2]) world.groups.discover(partition);

    expect(world.groups.names().toSorted()).toEqual(["d:dp_1", "s:A", "s:AB"]);
    expect([world.start("s:A"), world.start("s:A"), world.start("s:A")]).toEqual([
      runs[0],
      runs[4],
      runs[3],
    ]);
    expect(world.start("s:AB")).toBe(runs[1]);
    expect(world.start("d:dp_1")).toBe(runs[2]);
  });

  test("skip the rows of what runs: they stay in the table until the attempt is over", () => {
    const world = new World();
    const runs = Array.from({ length: 1_500 }, () => world.writes("s:A", 0));
    world.groups.discover(0);
    for (let n = 0; n < 1_000; n++) world.start("s:A");

    world.groups.discover(0);
    const rest: (string | undefined)[] = [];
    for (let next = world.start("s:A"); next !== undefined; next = world.start("s:A")) {
      rest.push(next);
    }

    expect(rest).toEqual(runs.slice(1_000));
  });

  test("lose none and start none twice, however many there are", () => {
    const world = new World();
    for (let n = 0; n < 15_000; n++) world.becomesReady("s:A", n % 3);
    const taken: string[] = [];
    for (let n = 0; ; n++) {
      if (n % 7 === 0 && n < 5_000) world.becomesReady("s:A", n % 3);
      const next = world.start("s:A");
      if (next === undefined) break;
      taken.push(next);
      if (n % 2 === 0) world.ends(next);
    }

    expect(new Set(taken).size).toBe(taken.length);
    expect(taken).toHaveLength(15_000 + 715);
    // Within a partition, the order is that of arrival.
    for (const partition of [0, 1, 2]) {
      const sequences = taken.map((runId) => Number(runId.slice(4)));
      const own = sequences.filter(
        (sequence) => (sequence - 1) % 3 === partition && sequence <= 4_096,
      );
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  test("have, after anything, exactly what no attempt runs for", () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom("ready", "start", "start", "end", "lose"),
        group: fc.constantFrom("s:A", "d:1"),
        number: fc.nat(1_000),
      }),
      { maxLength: 200, size: "max" },
    );
    fc.assert(
      fc.property(steps, fc.nat(60), (all, alreadyThere) => {
        const world = new World();
        for (let n = 0; n < alreadyThere; n++) world.writes(n % 2 === 0 ? "s:A" : "d:1", n % 3);
        for (const partition of [0, 1, 2]) world.groups.discover(partition);
        for (const { kind, group, number } of all) {
          const runs = [...world.running.keys()];
          const some = runs[number % Math.max(1, runs.length)] ?? "";
          if (kind === "ready") world.becomesReady(group, number % 3);
          if (kind === "start") world.start(group);
          if (kind === "end") world.ends(some);
          if (kind === "lose") world.isLost(some);
        }

        for (const group of ["s:A", "d:1"]) while (world.start(group) !== undefined);

        expect([...world.running.keys()].toSorted()).toEqual([...world.rows.keys()].toSorted());
        expect(world.groups.names()).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

// Tables in layers against a plain map: whatever is written, taken back, frozen, written below and
// thawed, reads see what a map would have.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endOfPrefix } from "../core/keys.js";
import type { RangeTable, Row } from "../core/tables.js";
import { tombstone, type Cell } from "./layer.js";
import { OverlayPointTable, OverlayRangeTable, type Base } from "./overlay-table.js";
import { UndoLog } from "./undo-log.js";

type Step =
  | { readonly kind: "put"; readonly key: string; readonly value: number }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "clear"; readonly object: string }
  | { readonly kind: "commit" }
  | { readonly kind: "rollback" }
  /** A checkpoint begins, its rows come to lie below, it ends. */
  | { readonly kind: "freeze" | "write" | "thaw" };

/** Rows as LMDB has them, read as they are at this moment. */
class MapBase implements Base<number> {
  readonly rows = new Map<string, number>();

  get(key: string): number | undefined {
    return this.rows.get(key);
  }

  scan(from: string, to: string): Iterator<Row<number>> {
    return sortedRows(this.rows, from, to)[Symbol.iterator]();
  }

  write({ cleared, cells }: Frozen): void {
    for (const object of cleared) {
      for (const key of this.rows.keys()) if (key.startsWith(object)) this.rows.delete(key);
    }
    for (const [key, cell] of cells) {
      if (cell === tombstone) this.rows.delete(key);
      else this.rows.set(key, cell);
    }
  }
}

function sortedRows(rows: ReadonlyMap<string, number>, from: string, to: string): Row<number>[] {
  return [...rows]
    .filter(([key]) => key >= from && key < to)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, value }));
}

/** What a checkpoint is handed. */
interface Frozen {
  readonly cleared: readonly string[];
  readonly cells: readonly [string, Cell<number>][];
}

class World<T extends OverlayPointTable<number> | OverlayRangeTable<number>> {
  readonly base = new MapBase();
  readonly undo = new UndoLog();
  readonly table: T;
  /** What the table must look like, and what it looked like when the event began. */
  model = new Map<string, number>();
  #committed = new Map<string, number>();
  #frozen: Frozen | undefined;
  #written = false;

  constructor(kind: new (options: never) => T, insertOnly = false) {
    const { base, undo } = this;
    const options = { base, undo, insertOnly, sizeOf: () => 8, grown: () => undefined };
    this.table = new kind(options as never);
  }

  take(step: Step): void {
    switch (step.kind) {
      case "put":
        this.table.put(step.key, step.value);
        this.model.set(step.key, step.value);
        return;
      case "delete":
        this.table.delete(step.key);
        this.model.delete(step.key);
        return;
      case "clear":
        (this.table as OverlayRangeTable<number>).clear(step.object);
        for (const key of this.model.keys()) {
          if (key.startsWith(step.object)) this.model.delete(key);
        }
        return;
      case "rollback":
        this.undo.rollback();
        this.model = new Map(this.#committed);
        return;
      case "commit":
        return this.#commit();
      case "freeze":
        if (this.#frozen !== undefined) return;
        this.#commit();
        this.#frozen = { cells: frozenOf(this.table), cleared: clearedOf(this.table) };
        this.#written = false;
        return;
      case "write":
        // From now on it lies in both, as when a transaction is committed and the checkpoint is not over.
        if (this.#frozen !== undefined) this.base.write(this.#frozen);
        this.#written = true;
        return;
      case "thaw":
        if (this.#frozen === undefined || !this.#written) return;
        this.table.thaw();
        this.#frozen = undefined;
        return;
    }
  }

  #commit(): void {
    this.undo.commit();
    this.#committed = new Map(this.model);
  }
}

const keys = fc.stringMatching(/^[ab\u0000\u00fe]{0,3}$/);
const objects = fc.constantFrom("a\u0000", "ab\u0000", "\u00fe\u0000");
const keysOfObjects = fc
  .tuple(objects, fc.stringMatching(/^[ab\u00fe]{0,2}$/))
  .map(([object, name]) => object + name);
const clearings = objects.map((object): Step => ({ kind: "clear", object }));

const stepsOn = (key: fc.Arbitrary<string>, ...more: fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof<fc.Arbitrary<Step>[]>(
      ...more,
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant("put" as const), key, value: fc.nat() }),
      } as never,
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) } as never,
      {
        weight: 5,
        arbitrary: fc
          .constantFrom("commit", "rollback", "freeze", "write", "thaw")
          .map((kind) => ({ kind })),
      } as never,
    ),
    { maxLength: 60 },
  );

interface Range {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
}

const rangesOf = (key: fc.Arbitrary<string>): fc.Arbitrary<Range[]> =>
  fc.array(
    fc.record<Range>({
      from: fc.oneof(fc.constant(""), key),
      to: fc.oneof(fc.constant("\u00ff"), key, key.map(endOfPrefix)),
      limit: fc.oneof(fc.constant(Number.MAX_SAFE_INTEGER), fc.nat(4)),
    }),
    { minLength: 1, maxLength: 4 },
  );
const ranges = rangesOf(keys);

function expectReads(world: World<never>, allKeys: Iterable<string>): void {
  const { table, model } = world as unknown as World<OverlayRangeTable<number>>;
  for (const key of allKeys) expect(table.get(key)).toBe(model.get(key));
  expect(table.all()).toEqual(sortedRows(model, "", "\u00ff"));
}

function expectScans(table: RangeTable<number>, model: Map<string, number>, all: Range[]): void {
  for (const { from, to, limit } of all) {
    expect(table.scan(from, to, limit)).toEqual(sortedRows(model, from, to).slice(0, limit));
  }
}

describe("a table in layers", () => {
  test("says what was written since a checkpoint, and no more once that is below", () => {
    const base = new MapBase();
    const undo = new UndoLog();
    const options = { base, undo, sizeOf: () => 1, grown: () => undefined, insertOnly: false };
    const table = new OverlayPointTable(options);
    table.put("a", 1);
    table.put("b", 2);
    const frozen = frozenOf(table);
    table.delete("b");
    const during = [table.recent("a"), table.recent("b"), table.recent("c")];
    base.write({ cleared: [], cells: frozen });
    table.thaw();

    expect(during).toEqual([1, tombstone, undefined]);
    expect([table.recent("a"), table.recent("b")]).toEqual([undefined, tombstone]);
    expect(table.get("a")).toBe(1);
  });

  test("that is read by key reads as a map does", () => {
    fc.assert(
      fc.property(stepsOn(keys), fc.array(keys), (steps, probes) => {
        const world = new World(OverlayPointTable<number>);
        for (const step of steps) {
          world.take(step);
          expectReads(world as never, probes);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("that is scanned scans as a sorted map does, at every moment of a checkpoint", () => {
    fc.assert(
      fc.property(stepsOn(keys), ranges, (steps, all) => {
        const world = new World(OverlayRangeTable<number>);
        for (const step of steps) {
          world.take(step);
          expectScans(world.table, world.model, all);
        }
        expectReads(world as never, world.model.keys());
      }),
      { numRuns: 500 },
    );
  });

  test("whose objects are cleared reads as a map without their rows", () => {
    const steps = stepsOn(keysOfObjects, clearings, clearings);
    fc.assert(
      fc.property(steps, rangesOf(fc.oneof(objects, keysOfObjects)), (taken, all) => {
        const world = new World(OverlayRangeTable<number>);
        const probes = fc.sample(keysOfObjects, { numRuns: 5, seed: taken.length });
        for (const step of taken) {
          world.take(step);
          expectScans(world.table, world.model, all);
          expectReads(world as never, probes);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("hands a checkpoint one word for all rows of an object that was cleared", () => {
    const world = new World(OverlayRangeTable<number>);
    for (const name of ["1", "2", "3"])
      world.take({ kind: "put", key: `a\u0000${name}`, value: 1 });
    world.take({ kind: "clear", object: "a\u0000" });
    world.take({ kind: "put", key: "a\u0000new", value: 2 });

    expect(frozenOf(world.table)).toEqual([["a\u0000new", 2]]);
    expect(clearedOf(world.table)).toEqual(["a\u0000"]);
  });

  test("whose keys are used once keeps no trace of what came and went between checkpoints", () => {
    fc.assert(
      fc.property(stepsOn(fc.constantFrom("a", "b", "c")), ranges, (steps, all) => {
        const world = new World(OverlayRangeTable<number>, true);
        let used = 0;
        for (const step of steps) {
          // Keys rise: "a" is a new row, "b" the oldest that is there, "c" one that is gone.
          if (step.kind === "put") world.take({ ...step, key: String(++used).padStart(3, "0") });
          else if (step.kind === "delete")
            world.take({ kind: "delete", key: pick(step.key, world) });
          else world.take(step);
          expectScans(world.table, world.model, all);
        }
        world.take({ kind: "commit" });
        expectReads(world as never, world.model.keys());
      }),
      { numRuns: 500 },
    );

    function pick(letter: string, world: World<OverlayRangeTable<number>>): string {
      const there = [...world.model.keys()].toSorted();
      return (letter === "c" ? undefined : letter === "b" ? there[0] : there.at(-1)) ?? "001";
    }
  });

  test("hands a checkpoint only what is left of a row whose key is used once", () => {
    const world = new World(OverlayRangeTable<number>, true);
    world.take({ kind: "put", key: "1", value: 1 });
    world.take({ kind: "put", key: "2", value: 2 });
    world.take({ kind: "delete", key: "1" });

    expect(frozenOf(world.table)).toEqual([["2", 2]]);
  });

  test("hands a checkpoint what is gone as well, where older layers may have it", () => {
    const world = new World(OverlayRangeTable<number>);
    world.take({ kind: "put", key: "1", value: 1 });
    world.take({ kind: "delete", key: "1" });

    expect(frozenOf(world.table)).toEqual([["1", tombstone]]);
  });

  test("takes no key that LMDB would refuse, and is unchanged by it", () => {
    const world = new World(OverlayRangeTable<number>);

    expect(() => world.table.put("k".repeat(1_976), 1)).toThrow("can't be stored");
    world.table.put("k".repeat(1_975), 2);

    expect(frozenOf(world.table)).toEqual([["k".repeat(1_975), 2]]);
  });
});

function frozenOf<V>(table: OverlayPointTable<V> | OverlayRangeTable<V>): [string, Cell<V>][] {
  table.freeze();
  return [...table.frozenCells()];
}

/** Of what is frozen. */
function clearedOf<V>(table: OverlayPointTable<V> | OverlayRangeTable<V>): string[] {
  return table instanceof OverlayRangeTable ? [...table.frozenClearings()] : [];
}

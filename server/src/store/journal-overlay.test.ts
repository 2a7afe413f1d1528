// Journals in layers against plain lists.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { run } from "../core/commands.fixture.js";
import { JournalOverlay, type JournalTail } from "./journal-overlay.js";
import { UndoLog } from "./undo-log.js";

type Step =
  | { readonly kind: "append"; readonly runId: string; readonly count: number }
  | { readonly kind: "delete"; readonly runId: string }
  | { readonly kind: "commit" | "rollback" | "freeze" | "write" | "thaw" };

class World {
  readonly undo = new UndoLog();
  readonly journal: JournalOverlay;
  model = new Map<string, number[]>();
  /** What LMDB has: for each run its chunks by index. */
  readonly #chunks = new Map<string, Map<number, Entry[]>>();
  #committed = new Map<string, number[]>();
  #frozen: [string, JournalTail][] | undefined;
  #written = false;
  #next = 0;

  constructor() {
    const read = (runId: string, from: number): Entry[] => {
      const chunks = [...(this.#chunks.get(runId) ?? [])].toSorted(([a], [b]) => a - b);
      return chunks.flatMap(([, entries]) => entries).slice(from);
    };
    const { undo } = this;
    const options = { base: { read }, undo, sizeOf: () => 1, grown: () => undefined };
    this.journal = new JournalOverlay(options);
  }

  take(step: Step): void {
    switch (step.kind) {
      case "append":
        for (let n = 0; n < step.count; n++) this.#append(step.runId);
        return;
      case "delete":
        this.journal.delete(step.runId);
        this.model.delete(step.runId);
        return;
      case "commit":
        return this.#commit();
      case "rollback":
        this.undo.rollback();
        this.model = copyOf(this.#committed);
        return;
      case "freeze":
        if (this.#frozen !== undefined) return;
        this.#commit();
        this.journal.freeze();
        this.#frozen = this.journal.frozenTails();
        this.#written = false;
        return;
      case "write":
        for (const [runId, tail] of this.#frozen ?? []) this.#write(runId, tail);
        this.#written = true;
        return;
      case "thaw":
        if (this.#frozen === undefined || !this.#written) return;
        this.journal.thaw();
        this.#frozen = undefined;
        return;
    }
  }

  read(runId: string, from?: number): number[] {
    return this.journal.read(runId, from).map(({ body }) => {
      return body.case === "run" ? body.value.completionId : -1;
    });
  }

  #append(runId: string): void {
    const entries = this.model.get(runId) ?? [];
    const number = ++this.#next;
    this.journal.append(runId, entries.length, run(number));
    this.model.set(runId, [...entries, number]);
  }

  /** As a checkpoint encodes a tail. */
  #write(runId: string, tail: JournalTail): void {
    let chunks = this.#chunks.get(runId);
    if (chunks === undefined || tail.older === "deleted") {
      chunks = new Map();
      this.#chunks.set(runId, chunks);
    }
    if (tail.entries.length > 0) chunks.set(tail.from, [...tail.entries]);
  }

  #commit(): void {
    this.undo.commit();
    this.#committed = copyOf(this.model);
  }
}

function copyOf(model: Map<string, number[]>): Map<string, number[]> {
  return new Map(model);
}

const runIds = fc.constantFrom("run-1", "run-2");
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("append" as const),
        runId: runIds,
        count: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), runId: runIds }) },
    {
      weight: 5,
      arbitrary: fc
        .constantFrom(
          "commit" as const,
          "rollback" as const,
          "freeze" as const,
          "write" as const,
          "thaw" as const,
        )
        .map((kind) => ({ kind })),
    },
  ),
  { maxLength: 60 },
);

describe("a journal in layers", () => {
  test("reads as a list does, at every moment of a checkpoint", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const world = new World();
        for (const step of all) {
          world.take(step);
          for (const runId of ["run-1", "run-2", "run-3"]) {
            const entries = world.model.get(runId) ?? [];
            for (let from = 0; from <= entries.length + 1; from++) {
              expect(world.read(runId, from)).toEqual(entries.slice(from));
            }
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("that begins and ends between two checkpoints is written as nothing", () => {
    const world = new World();
    world.take({ kind: "append", runId: "run-1", count: 3 });
    world.take({ kind: "delete", runId: "run-1" });

    world.journal.freeze();
    expect(world.journal.frozenTails()).toEqual([]);
  });

  test("may not have a gap", () => {
    const { journal } = new World();
    journal.append("run-1", 0, run(1));

    expect(() => {
      journal.append("run-1", 2, run(2));
    }).toThrow("a journal has no gaps");
  });

  test("that was read does not change in the reader's hands", () => {
    const { journal } = new World();
    journal.append("run-1", 0, run(1));
    const before = journal.read("run-1");

    journal.append("run-1", 1, run(2));

    expect(before).toHaveLength(1);
  });
});

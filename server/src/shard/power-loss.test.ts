// A shard under load on a machine that loses its power or its process at any operation of its disk:
// whatever was acknowledged is there afterwards, and the tables are those of the records that survived,
// to the letter. A failing run prints its seed; PERDURE_TEST_SEED repeats it, PERDURE_TEST_RUNS asks for
// more.

import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { partitionOfInvocationId } from "@perdure/protocol/ids";
import { Actors, partitions, type Addressed, type Choose } from "../core/actors.fixture.js";
import type { Effect } from "../core/effect.js";
import { timersDue } from "../core/events.fixture.js";
import { readOutput } from "../core/queries.js";
import { Machine, type Released, type RunningShard } from "./machine.fixture.js";

type Trouble =
  | { readonly kind: "none" }
  /** Operations of the disk until it goes dead, in the middle of what is under way. */
  | { readonly kind: "powerLost"; readonly after: number; readonly seed: number }
  | { readonly kind: "killed"; readonly after: number };

interface Life {
  readonly steps: readonly Step[];
  readonly checkpointBytes: number;
  readonly trouble: Trouble;
}

type Step =
  | { readonly kind: "submit" | "attempt" | "signal" | "resume" | "turn" | "settle" }
  | { readonly kind: "pass"; readonly ms: number };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc
      .constantFrom(
        ...(["submit", "submit", "attempt", "attempt", "attempt", "attempt"] as const),
        ...(["signal", "resume", "turn", "turn", "settle"] as const),
      )
      .map((kind) => ({ kind })),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(100) }),
  ),
  { minLength: 5, maxLength: 120, size: "max" },
);

const lives = fc.array(
  fc.record<Life>({
    steps,
    checkpointBytes: fc.constantFrom(20_000, 100_000, Number.POSITIVE_INFINITY),
    trouble: fc.oneof<fc.Arbitrary<Trouble>[]>(
      fc.constant({ kind: "none" }),
      fc.record({ kind: fc.constant("killed" as const), after: fc.nat(60) }),
      fc.record({
        kind: fc.constant("powerLost" as const),
        after: fc.nat(60),
        seed: fc.integer(),
      }),
    ),
  }),
  { minLength: 1, maxLength: 5 },
);

/** What callers were told: it must be true for ever. */
class Promises {
  readonly accepted = new Map<string, string>();
  readonly ended = new Map<string, Effect & { kind: "completed" }>();

  readonly note = (effect: Released): void => {
    if (effect.kind === "submitted") {
      this.accepted.set(effect.submission.runId, effect.submission.id);
    }
    if (effect.kind === "completed") this.ended.set(effect.runId, effect);
  };

  expectKept({ store }: RunningShard): void {
    for (const [runId, id] of this.accepted) {
      const tables = store.partition(partitionOfInvocationId(id));
      expect(tables.invocations.get(runId)?.id).toBe(id);
    }
    for (const [runId, { invocation, output }] of this.ended) {
      const tables = store.partition(partitionOfInvocationId(invocation.id));
      const stored = tables.invocations.get(runId);
      expect(stored?.status).toBe(InvocationStatus.COMPLETED);
      if (stored !== undefined) expect(readOutput(tables, runId, stored)).toEqual(output);
    }
  }
}

class World {
  readonly machine = new Machine();
  readonly promises = new Promises();
  readonly #actors: Actors;
  readonly #choose: Choose;
  #lastToken = 0;

  constructor(choose: Choose) {
    this.#choose = choose;
    // Nothing is forgotten meanwhile, so that everything can be asked for.
    this.#actors = new Actors(choose, { kept: [1e9] });
  }

  async live({ steps, checkpointBytes, trouble }: Life): Promise<void> {
    const running = await this.#boot(checkpointBytes);
    if (trouble.kind !== "none") this.machine.disk.cutPowerAfter(trouble.after);
    for (const step of steps) await this.#take(running, step);
    if (trouble.kind === "none") await running.shard.drained();
    for (const error of running.fatal) {
      expect(error).toMatchObject({ code: "PDR1104" });
      expect(trouble.kind).not.toBe("none");
    }
    if (trouble.kind === "powerLost") await this.machine.losePower(trouble.seed);
    else await this.machine.kill();
  }

  async #boot(checkpointBytes: number): Promise<RunningShard> {
    const handed = [...this.machine.records];
    const running = await this.machine.boot({ checkpointBytes });
    running.listener = this.promises.note;
    const { records } = this.machine;

    // What the log kept is what it was given, from the first on; beside it there is the new epoch.
    const kept = records.slice(0, -[...running.store.partitionNumbers].length);
    expect(kept).toEqual(handed.slice(0, kept.length));
    expect(await this.machine.digestOf(records)).toBe(running.store.digest());
    this.promises.expectKept(running);
    return running;
  }

  async #take(running: RunningShard, step: Step): Promise<void> {
    switch (step.kind) {
      case "submit":
        return this.#enqueue(running, this.#actors.submission(this.machine.nowMs));
      case "signal":
        return this.#enqueue(running, this.#actors.signal());
      case "resume":
        return this.#enqueue(running, this.#actors.resume());
      case "attempt": {
        const partition = partitions[this.#choose(partitions.length)] ?? 0;
        const tables = running.store.partition(partition);
        const { epoch } = tables.partitionState;
        return this.#enqueue(
          running,
          this.#actors.attempt(partition, tables, epoch, this.machine.nowMs),
        );
      }
      case "pass":
        this.machine.nowMs += step.ms;
        for (const partition of partitions) {
          const event = timersDue(Math.floor(this.machine.nowMs), 3);
          this.#enqueue(running, { partition, event });
        }
        return;
      case "turn":
        await nextTurn();
        return;
      case "settle":
        return running.shard.drained();
    }
  }

  #enqueue({ shard }: RunningShard, addressed: Addressed | undefined): void {
    if (addressed === undefined) return;
    shard.enqueue(addressed.partition, addressed.event, { token: ++this.#lastToken });
  }
}

function chooseFrom(numbers: readonly number[]): Choose {
  let next = 0;
  return (below) => ((numbers[next++ % numbers.length] ?? 0) + Math.imul(next, 31)) % below;
}

const decisions = fc.array(fc.nat(10_000), { minLength: 50, maxLength: 300, size: "max" });
const { PERDURE_TEST_RUNS: runs, PERDURE_TEST_SEED: seedText } = process.env;
const numRuns = Number(runs ?? 40);
const seed = seedText === undefined ? {} : { seed: Number(seedText) };

describe("losses of power and kills", () => {
  test("cost nothing that was acknowledged, and leave the tables of what is in the log", async () => {
    let kept = 0;
    let cut = 0;
    await fc.assert(
      fc.asyncProperty(lives, decisions, async (all, numbers) => {
        const world = new World(chooseFrom(numbers));
        for (const life of all) {
          await world.live(life);
          if (life.trouble.kind !== "none") cut++;
        }
        await world.live({ steps: [], checkpointBytes: Infinity, trouble: { kind: "none" } });
        kept += world.promises.accepted.size + world.promises.ended.size;
      }),
      { numRuns, interruptAfterTimeLimit: 60_000, ...seed },
    );
    // Otherwise little was seen.
    expect(kept).toBeGreaterThan(200);
    expect(cut).toBeGreaterThan(20);
  }, 120_000);
});

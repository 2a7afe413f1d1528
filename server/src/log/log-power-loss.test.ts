// The log against a model of it, on a disk that loses its power at any operation: whatever was
// acknowledged is there, in order; at most the one batch that was under way is there beside it.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linesOf, open, recordsAfter, type LogUnderTest } from "./log.fixture.js";
import type { LogRecord } from "./log.js";
import { SimulatedDisk } from "./simulated-disk.js";

type Trouble =
  | { readonly kind: "none" }
  | { readonly kind: "diskFull" }
  | { readonly kind: "syncFails" }
  | { readonly kind: "killed"; readonly after: number }
  | { readonly kind: "powerLost"; readonly after: number; readonly seed: number };

interface Round {
  readonly appends: readonly { readonly count: number; readonly bodyBytes: number }[];
  readonly way: "later" | "now";
  /** How much of the log is let go of before the last append. */
  readonly trimmed: number;
  /** Happens during the last append and the trim. */
  readonly trouble: Trouble;
  readonly end: "close" | "kill" | "powerLoss";
}

const troubles = fc.oneof<fc.Arbitrary<Trouble>[]>(
  fc.constant({ kind: "none" }),
  fc.constant({ kind: "diskFull" }),
  fc.constant({ kind: "syncFails" }),
  fc.record({ kind: fc.constant("killed" as const), after: fc.nat(30) }),
  fc.record({ kind: fc.constant("powerLost" as const), after: fc.nat(30), seed: fc.integer() }),
);

const rounds = fc.record<Round>({
  appends: fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 5 }),
      bodyBytes: fc.oneof(fc.nat(40), fc.nat(1500), fc.constant(9000)),
    }),
    { maxLength: 6 },
  ),
  way: fc.constantFrom("later", "now"),
  trimmed: fc.double({ min: 0, max: 1, noNaN: true }),
  trouble: troubles,
  end: fc.constantFrom("close", "kill", "powerLoss"),
});

class Model {
  disk = new SimulatedDisk();
  /** All that is known to be in the log, and what was trimmed from it. */
  records: readonly LogRecord[] = [];
  /** The batch that was neither acknowledged nor refused. */
  unknown: readonly LogRecord[] = [];
  /** The tables hold what is before it. */
  replayFrom = 1;

  async reopen(): Promise<LogUnderTest> {
    const opened = await open(this.disk, { replayFrom: this.replayFrom });
    const acknowledged = this.records.slice(this.replayFrom - 1);
    const withUnknown = [...acknowledged, ...this.unknown];
    const isWithUnknown = opened.records.length > acknowledged.length;
    expect(linesOf(opened.records)).toEqual(linesOf(isWithUnknown ? withUnknown : acknowledged));
    expect(opened.positions).toEqual(opened.records.map((_, i) => this.replayFrom + i));
    if (isWithUnknown) this.records = [...this.records, ...this.unknown];
    this.unknown = [];
    expect(opened.log.lastPosition).toBe(this.records.length);
    return opened;
  }

  async run(round: Round, seed: number): Promise<void> {
    const { log } = await this.reopen();
    for (const [index, { count, bodyBytes }] of round.appends.entries()) {
      const isLast = index === round.appends.length - 1;
      if (isLast) this.#begin(round.trouble);
      const batch = recordsAfter(this.records, count, bodyBytes);
      const trim = isLast ? this.#trim(log, round.trimmed) : Promise.resolve();
      try {
        if (round.way === "now") log.appendSync(batch);
        else await log.append(batch);
        this.records = [...this.records, ...batch];
      } catch (error) {
        // Only a full disk says for certain that nothing was written.
        if (!isNamed(error, "DiskFull")) this.unknown = batch;
      }
      await trim;
    }
    await this.#end(log, round, seed);
  }

  #begin(trouble: Trouble): void {
    if (trouble.kind === "diskFull") this.disk.capacityBytes = 0;
    if (trouble.kind === "syncFails") this.disk.failSync = () => true;
    if (trouble.kind === "killed") this.disk.cutPowerAfter(trouble.after);
    if (trouble.kind === "powerLost") this.disk.cutPowerAfter(trouble.after);
  }

  async #trim(log: LogUnderTest["log"], trimmed: number): Promise<void> {
    // As the store does: what is let go of was made durable elsewhere before.
    const synced = log.syncedPosition;
    this.replayFrom += Math.floor((synced + 1 - this.replayFrom) * trimmed);
    await log.trim(this.replayFrom).catch(() => undefined);
  }

  async #end(log: LogUnderTest["log"], round: Round, seed: number): Promise<void> {
    const { trouble } = round;
    if (trouble.kind === "none" && round.end === "close") await log.close();
    if (trouble.kind === "powerLost") this.disk = this.disk.powerLoss(trouble.seed);
    else this.disk = round.end === "powerLoss" ? this.disk.powerLoss(seed) : this.disk.kill();
    this.disk.capacityBytes = Number.POSITIVE_INFINITY;
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

describe("losses of power, kills, failed syncs and full disks", () => {
  test("never cost an acknowledged record, invent none and leave a log that opens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rounds, { maxLength: 8 }), fc.integer(), async (all, seed) => {
        const model = new Model();
        for (const [index, round] of all.entries()) await model.run(round, seed + index);
        await model.reopen();
      }),
      { numRuns: Number(process.env["RUNS"] ?? 400) },
    );
  }, 600_000);
});

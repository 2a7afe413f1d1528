// The log against a model of it, on a disk that loses its power at any operation: whatever was
// acknowledged is there, in order; at most the one batch that was under way is there beside it.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linesOf, open, recordsAfter, withBodiesStored, type LogUnderTest } from "./log.fixture.js";
import type { EventLog, LogRecord } from "./log.js";
import { SimulatedDisk } from "./simulated-disk.js";

type Trouble =
  | { readonly kind: "none" }
  | { readonly kind: "diskFull" }
  | { readonly kind: "syncFails" }
  | { readonly kind: "killed"; readonly after: number }
  | { readonly kind: "powerLost"; readonly after: number; readonly seed: number };

interface Round {
  /** The power is lost so many operations after the start, once before the round. */
  readonly lostAtStart: number | undefined;
  readonly appends: readonly {
    readonly count: number;
    readonly bodyBytes: number;
    /** Of the records of odd partitions, bodies lie in files of their own. */
    readonly isApart: boolean;
  }[];
  readonly way: "later" | "now";
  /** How much of the log is let go of, and before how many of the appends. */
  readonly trimmed: number;
  readonly trimmedBefore: number;
  /** Happens during the last append, and the trim if that is still to come. */
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
  lostAtStart: fc.option(fc.nat(12), { nil: undefined, freq: 4 }),
  appends: fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 5 }),
      bodyBytes: fc.oneof(fc.nat(40), fc.nat(1500), fc.constant(9000)),
      isApart: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
  way: fc.constantFrom("later", "now"),
  trimmed: fc.double({ min: 0, max: 1, noNaN: true }),
  trimmedBefore: fc.nat(3),
  trouble: troubles,
  end: fc.constantFrom("close", "kill", "powerLoss"),
});

/** What the log should hold, and the disk that it is on. */
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
    const isWithUnknown = opened.records.length > acknowledged.length;
    if (isWithUnknown) this.records = [...this.records, ...this.unknown];
    this.unknown = [];
    expectHeld(opened, this.records, this.replayFrom);
    return opened;
  }

  async run(round: Round, seed: number): Promise<void> {
    if (round.lostAtStart !== undefined) await this.#losePowerAtStart(round.lostAtStart, seed);
    const { log } = await this.reopen();
    let trimming = Promise.resolve();
    for (const [index, { count, bodyBytes, isApart }] of round.appends.entries()) {
      const appendsLeft = round.appends.length - index;
      if (appendsLeft === 1) this.#begin(round.trouble);
      if (appendsLeft === round.trimmedBefore) trimming = this.#trim(log, round.trimmed);
      const batch = await this.#stored(log, recordsAfter(this.records, count, bodyBytes), isApart);
      if (batch !== undefined) await this.append(log, batch, round.way);
    }
    await trimming;
    await this.#end(log, round, seed);
  }

  async append(log: EventLog, batch: readonly LogRecord[], way: "later" | "now"): Promise<void> {
    if (this.unknown.length > 0) return;
    try {
      if (way === "now") log.appendSync(batch);
      else await log.append(batch);
      this.records = [...this.records, ...batch];
    } catch (error) {
      // Only a full disk says for certain that nothing was written.
      if (!isNamed(error, "DiskFull")) this.unknown = batch;
    }
  }

  /** Undefined where their bodies could not be written: then nothing names them. */
  async #stored(
    log: EventLog,
    batch: readonly LogRecord[],
    isApart: boolean,
  ): Promise<readonly LogRecord[] | undefined> {
    if (!isApart || this.unknown.length > 0) return batch;
    try {
      return await withBodiesStored(log, batch, ({ partition }) => partition % 2 === 1);
    } catch (error) {
      if (isNamed(error, "DiskFull") || isNamed(error, "LogFailure")) return undefined;
      throw error;
    }
  }

  async #losePowerAtStart(operations: number, seed: number): Promise<void> {
    this.disk.cutPowerAfter(operations);
    try {
      await this.reopen();
    } catch (error) {
      if (!isNamed(error, "LogNotAccessible")) throw error;
    }
    this.disk = this.disk.powerLoss(seed);
  }

  #begin(trouble: Trouble): void {
    if (trouble.kind === "diskFull") this.disk.capacityBytes = 0;
    if (trouble.kind === "syncFails") this.disk.failSync = () => true;
    if (trouble.kind === "killed") this.disk.cutPowerAfter(trouble.after);
    if (trouble.kind === "powerLost") this.disk.cutPowerAfter(trouble.after);
  }

  async #trim(log: EventLog, trimmed: number): Promise<void> {
    // As the store does: what is let go of was made durable elsewhere before.
    const synced = log.syncedPosition;
    this.replayFrom += Math.floor((synced + 1 - this.replayFrom) * trimmed);
    await log.trim(this.replayFrom).catch(() => undefined);
  }

  async #end(log: EventLog, round: Round, seed: number): Promise<void> {
    const { trouble } = round;
    if (trouble.kind === "none" && round.end === "close") await log.close();
    if (trouble.kind === "powerLost") this.disk = this.disk.powerLoss(trouble.seed);
    else this.disk = round.end === "powerLoss" ? this.disk.powerLoss(seed) : this.disk.kill();
    this.disk.capacityBytes = Number.POSITIVE_INFINITY;
  }
}

function expectHeld(opened: LogUnderTest, all: readonly LogRecord[], from: number): void {
  expect(linesOf(opened.records)).toEqual(linesOf(all.slice(from - 1)));
  expect(opened.positions).toEqual(opened.records.map((_, index) => from + index));
  expect(opened.log.lastPosition).toBe(all.length);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

describe("a segment that is let go of and used again", () => {
  /** Trims, goes on with a new process if the trim was cut short, appends; then the power is lost. */
  async function trimAppendLose(trimmed: number, appended: number, seed: number): Promise<void> {
    const model = new Model();
    let { log } = await model.reopen();
    // The first spare is used up on the spot: what the trim lets go of is what is used next.
    for (const way of ["later", "now", "now", "now"] as const) {
      await model.append(log, recordsAfter(model.records, 1, 3000), way);
    }
    model.replayFrom = 4;
    model.disk.cutPowerAfter(trimmed);
    try {
      await log.trim(model.replayFrom);
    } catch {
      model.disk = model.disk.kill();
      ({ log } = await model.reopen());
    }
    model.disk.cutPowerAfter(appended);
    for (let append = 0; append < 3; append++) {
      await model.append(log, recordsAfter(model.records, 1, 3000), "later");
    }
    model.disk = model.disk.powerLoss(seed);
    await model.reopen();
  }

  test("never appears in two places, wherever a kill and a loss of power hit", async () => {
    for (let trimmed = 0; trimmed < 8; trimmed++) {
      for (let appended = 0; appended < 16; appended++) {
        for (let seed = 0; seed < 8; seed++) await trimAppendLose(trimmed, appended, seed);
      }
    }
  });
});

describe("losses of power, kills, failed syncs and full disks", () => {
  test("never cost an acknowledged record, invent none and leave a log that opens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rounds, { maxLength: 8 }), fc.integer(), async (all, seed) => {
        const model = new Model();
        for (const [index, round] of all.entries()) await model.run(round, seed + index);
        await model.reopen();
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

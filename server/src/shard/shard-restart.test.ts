// What a shard does by the tables alone: timers, checkpoints, and what goes on after a restart.

import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { A, ended, plain, runIdAt, submitted } from "../core/events.fixture.js";
import { createClock } from "./clock.js";
import { Machine, submitMany } from "./machine.fixture.js";

const { READY, COMPLETED } = InvocationStatus;

describe("durable timers", () => {
  test("fire when they are due, and soon after, also across a restart", async () => {
    const machine = new Machine();
    const clock = createClock();
    const before = await machine.boot({ clock });
    const due = [40, 100, 190, 310, 460].map((ms) => Math.ceil(clock.now()) + ms);
    const firedAt: number[] = [];
    before.listener = (effect) => {
      if (effect.kind === "ready") firedAt.push(clock.now());
    };
    // A busy machine is late with all timers, now and then with one alone: what counts is how much later than plain
    // ones the best of these are.
    const plainAt: number[] = [];
    for (const at of due) {
      setTimeout(() => void plainAt.push(clock.now()), at - clock.now());
    }
    for (const [n, startAt] of due.entries()) {
      before.shard.enqueue(n, submitted(runIdAt(n + 1), plain(), { startAt }), {});
    }
    await expect.poll(() => Math.min(firedAt.length, plainAt.length), { interval: 1 }).toBe(5);
    const later = Math.ceil(clock.now()) + 600;
    before.shard.enqueue(5, submitted(runIdAt(6), plain(), { startAt: later }), {});
    await before.shard.drained();
    await machine.kill();

    const after = await machine.boot({ clock });
    await expect.poll(() => after.ofKind("ready").length, { interval: 1 }).toBe(1);

    for (const [n, at] of firedAt.entries()) expect(at).toBeGreaterThanOrEqual(due[n] ?? 0);
    const lateMs = firedAt.map((at, n) => at - Math.max(due[n] ?? 0, plainAt[n] ?? 0));
    expect(lateMs.sort((a, b) => a - b)[1]).toBeLessThan(30);
    expect(clock.now()).toBeGreaterThanOrEqual(later);
    expect(after.ofKind("ready")[0]?.runId).toBe(runIdAt(6));
  });

  test("that are many fire all, some at a time", async () => {
    const running = await new Machine().boot({ clock: createClock() });
    const count = 1_700;
    const startAt = Date.now() + 100;
    for (let n = 0; n < count; n++) {
      running.shard.enqueue(0, submitted(runIdAt(n + 1), plain(), { startAt }), {});
    }

    await expect.poll(() => running.ofKind("ready").length, { timeout: 5_000 }).toBe(count);

    expect(running.store.partition(0).timers.scan("", "\u00ff", 9)).toEqual([]);
  });
});

describe("checkpoints", () => {
  test("come as the tables grow, while the loop goes on, and let go of the log behind them", async () => {
    const machine = new Machine();
    const running = await machine.boot({ checkpointBytes: 100_000 });
    const positions = new Set<number>();
    for (let n = 1; n <= 200; n++) {
      const parameter = "x".repeat(2_000);
      running.shard.enqueue(n % 64, submitted(runIdAt(n), plain(), { parameter }), {});
      if (n % 10 !== 0) continue;
      await running.shard.drained();
      await expect.poll(() => running.store.checkpointing, { interval: 1 }).toBe(false);
      positions.add(running.store.checkpointPosition);
    }
    await running.shard.drained();

    expect(positions.size).toBeGreaterThan(2);
    expect(running.fatal).toEqual([]);
    const digest = running.store.digest();
    expect(await machine.digestOf(machine.records)).toBe(digest);
    await machine.kill();
    expect((await machine.boot()).store.digest()).toBe(digest);
  });
});

describe("a restart", () => {
  test("in the middle of a checkpoint replays to each partition what that lacks", async () => {
    const machine = new Machine();
    let transactions = 0;
    let isInTheMiddle = (): void => undefined;
    const inTheMiddle = new Promise<void>((resolve) => (isInTheMiddle = resolve));
    const running = await machine.boot({
      beforeTransaction: async () => {
        if (++transactions !== 4) return;
        isInTheMiddle();
        await new Promise(() => undefined);
      },
    });
    const parameter = "x".repeat(8_000);
    for (let n = 0; n < 540; n++) {
      // Some hundred KiB for each of nine partitions: a transaction for each.
      running.shard.enqueue(n % 9, submitted(runIdAt(n + 1), plain(), { parameter }), {});
    }
    await running.shard.drained();
    const digest = running.store.digest();

    void running.shard.checkpoint();
    await inTheMiddle;
    await machine.kill();
    const again = await machine.boot();

    expect(again.store.digest()).toBe(digest);
    expect(again.store.checkpointPosition).toBe(0);
    expect(await machine.digestOf(machine.records)).toBe(digest);
  });

  test("raises the epoch: attempts of before are over, and what was ready still is", async () => {
    const machine = new Machine();
    const before = await machine.boot();
    before.shard.enqueue(0, submitted(A, plain()), {});
    await before.shard.drained();
    await machine.kill();

    const after = await machine.boot();
    after.shard.enqueue(0, ended(A, "late", { epoch: 1 }), {});
    await after.shard.drained();
    expect(after.store.partition(0).invocations.get(A)?.status).toBe(READY);
    expect(after.store.partition(0).partitionState.epoch).toBe(2);

    after.shard.enqueue(0, ended(A, "done", { epoch: 2 }), {});
    await after.shard.drained();
    expect(after.store.partition(0).invocations.get(A)?.status).toBe(COMPLETED);
  });

  test("releases nothing of what it replays", async () => {
    const machine = new Machine();
    const before = await machine.boot();
    submitMany(before);
    await before.shard.drained();
    await machine.kill();

    const after = await machine.boot();
    await nextTurn();

    expect(after.released).toEqual([]);
  });
});

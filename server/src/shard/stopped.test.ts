// A shard that had to stop: what was acknowledged is in the log, and nothing more is done.

import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { idOf, plain, runIdAt, submitted } from "../core/events.fixture.js";
import { Machine, type RunningShard } from "./machine.fixture.js";

/** So many that the loop does not block for their sync. */
function submitMany(running: RunningShard, from = 1): void {
  for (let n = from; n < from + 5; n++) {
    const of = submitted(runIdAt(n), plain(), { id: idOf(runIdAt(n), n) });
    running.shard.enqueue(n, of, { token: n });
  }
}

describe("a shard that had to stop", () => {
  test("does not begin again when the batch that was under way is durable", async () => {
    let mayAppend = Promise.resolve();
    let open = (): void => undefined;
    const running = await new Machine().boot({
      beforeAppend: () => mayAppend,
      checkpointBytes: 0,
    });
    let breaks = (_: Error): void => undefined;
    running.store.checkpoint = (): Promise<never> => new Promise((_, reject) => (breaks = reject));
    submitMany(running);
    await running.shard.drained();
    const released = running.released.length;
    mayAppend = new Promise((resolve) => (open = resolve));
    submitMany(running, 6);
    await nextTurn();

    breaks(new Error("the store is broken"));
    await nextTurn();
    open();
    for (let turn = 0; turn < 20; turn++) await nextTurn();

    expect(running.fatal).toHaveLength(1);
    expect(running.released).toHaveLength(released);
    expect(() => running.shard.admit()).toThrow("stopping");
  });

  test("because an attempt could not be started early says so, and writes nothing more", async () => {
    const running = await new Machine().boot();
    running.hasGate = true;
    const { syncedPosition } = running.log;
    running.startedEarly.push = (): never => {
      throw new Error("it can't be started");
    };

    submitMany(running);
    await running.shard.drained();

    expect(running.fatal).toMatchObject([{ message: "it can't be started" }]);
    expect(running.log.syncedPosition).toBe(syncedPosition);
    expect(running.released).toEqual([]);
  });
});

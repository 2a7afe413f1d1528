import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { call, setState } from "../core/commands.fixture.js";
import {
  A,
  B,
  C,
  appended,
  calleeOf,
  ended,
  exclusive,
  failed,
  firstOf,
  idOf,
  plain,
  reaching,
  retryAt,
  runIdAt,
  signalOf,
  signalled,
  submitted,
  suspended,
} from "../core/events.fixture.js";
import type { SimulatedDisk } from "../log/simulated-disk.js";
import { Machine, submitMany, type RunningShard } from "./machine.fixture.js";

const { READY, BACKING_OFF } = InvocationStatus;

/** A gate that appends wait at. */
class Gate {
  #open = (): void => undefined;
  #waiting: Promise<void> = Promise.resolve();

  shut(): void {
    this.#waiting = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  readonly pass = (): Promise<void> => this.#waiting;
}

describe("what leaves a shard", () => {
  test("leaves when the sync of its batch is over, not earlier", async () => {
    const gate = new Gate();
    const running = await new Machine().boot({ beforeAppend: gate.pass });
    gate.shut();

    submitMany(running);
    await nextTurn();
    await nextTurn();

    expect(running.store.partition(1).invocations.get(runIdAt(1))?.status).toBe(READY);
    expect(running.released).toEqual([]);
    gate.open();
    await running.shard.drained();
    expect(running.ofKind("submitted").map((effect) => effect.token)).toEqual([1, 2, 3, 4, 5]);
    expect(running.released.at(-1)?.kind).toBe("released");
  });

  test("does not leave earlier where attempts start behind a gate: those alone do, and are told when it is over", async () => {
    const gate = new Gate();
    const running = await new Machine().boot({ beforeAppend: gate.pass });
    running.hasGate = true;
    gate.shut();

    submitMany(running);
    await nextTurn();
    await nextTurn();

    const runIds = [1, 2, 3, 4, 5].map(runIdAt);
    const syncedPosition = running.log.syncedPosition;
    const position = syncedPosition + 5;
    expect(running.startedEarly).toEqual([{ runIds, position, syncedPosition }]);
    expect(running.released).toEqual([]);
    gate.open();
    await running.shard.drained();
    expect(running.log.syncedPosition).toBe(position);
    expect(running.ofKind("ready")).toEqual([]);
    expect(running.ofKind("submitted")).toHaveLength(5);
    expect(running.released.at(-1)?.kind).toBe("released");
  });

  test("leaves in the order of its events", async () => {
    const running = await new Machine().boot();

    running.shard.enqueue(0, submitted(A, plain()), { token: 1 });
    running.shard.enqueue(0, ended(A), {});
    running.shard.enqueue(0, submitted(B, plain()), { token: 2 });
    await running.shard.drained();

    expect(running.released.map((effect) => effect.kind)).toEqual([
      "ready",
      "submitted",
      "attemptOver",
      "completed",
      "ready",
      "submitted",
      "released",
    ]);
  });

  test("says what the tables hold, durably, for few events and for many", async () => {
    const machine = new Machine();
    const running = await machine.boot();
    // The fixture checks it at each effect.
    for (const count of [1, 2, 3, 10, 1]) {
      for (let n = 0; n < count; n++) {
        running.shard.enqueue(n, submitted(runIdAt(running.applied * 100 + n), plain()), {});
      }
      await running.shard.drained();
    }

    expect(running.fatal).toEqual([]);
    expect(running.log.syncedPosition).toBe(machine.records.length);
    expect(running.ofKind("ready")).toHaveLength(17);
  });
});

describe("an event", () => {
  test("that arrives while a batch is synced is applied after it", async () => {
    const gate = new Gate();
    const running = await new Machine().boot({ beforeAppend: gate.pass });
    gate.shut();
    submitMany(running);
    await nextTurn();

    running.shard.enqueue(9, submitted(A, plain()), {});
    await nextTurn();

    expect(running.store.partition(9).invocations.get(A)).toBeUndefined();
    gate.open();
    await running.shard.drained();
    expect(running.store.partition(9).invocations.get(A)?.status).toBe(READY);
  });

  test("that changes nothing leaves no record, and is answered", async () => {
    const machine = new Machine();
    const running = await machine.boot();
    const id = idOf("1".repeat(22));
    running.shard.enqueue(0, submitted(A, plain(), { id }), { token: 1 });
    await running.shard.drained();
    const records = machine.records.length;

    running.shard.enqueue(0, submitted(B, plain(), { id }), { token: 2 });
    await running.shard.drained();

    expect(machine.records).toHaveLength(records);
    expect(running.ofKind("submitted").at(-1)?.submission).toMatchObject({
      runId: A,
      accepted: false,
    });
  });

  test("that is refused takes nothing with it: the rest of its batch is applied", async () => {
    const machine = new Machine();
    const running = await machine.boot();
    running.shard.enqueue(0, submitted(A, plain()), {});
    await running.shard.drained();
    const refusals: unknown[] = [];
    const records = machine.records.length;

    running.shard.enqueue(0, submitted(B, plain()), {});
    running.shard.enqueue(0, appended(A, [setState("k", "v")]), {
      onRefused: (error) => refusals.push(error),
    });
    running.shard.enqueue(0, submitted(C, plain()), {});
    await running.shard.drained();

    expect(refusals).toMatchObject([{ code: "PDR2007" }]);
    expect(running.refused).toEqual(refusals);
    expect(running.fatal).toEqual([]);
    expect(machine.records).toHaveLength(records + 2);
    expect(await machine.digestOf(machine.records)).toBe(running.store.digest());
  });

  test("that is refused is answered before what its sender said next: an attempt does not end without its commands", async () => {
    const running = await new Machine().boot();
    running.shard.enqueue(0, submitted(A, plain()), {});
    await running.shard.drained();

    running.shard.enqueue(0, appended(A, [setState("k", "v")]), {
      onRefused: () => {
        running.shard.enqueue(0, failed(A, retryAt(60_000)), {});
      },
    });
    running.shard.enqueue(0, ended(A), {});
    await running.shard.drained();

    expect(running.refused).toMatchObject([{ code: "PDR2007" }]);
    expect(running.ofKind("completed")).toEqual([]);
    expect(running.store.partition(0).invocations.get(A)?.status).toBe(BACKING_OFF);
  });

  test("tells who sent it when it is durable, also where it changed nothing", async () => {
    const running = await new Machine().boot();
    const told: string[] = [];
    running.shard.enqueue(0, submitted(A, plain()), {});
    running.shard.enqueue(0, signalled(idOf(A), signalOf("go")), {
      onReleased: () => told.push("changed"),
    });
    running.shard.enqueue(0, signalled(idOf("never"), signalOf("go")), {
      onReleased: () => told.push("unchanged"),
    });
    expect(told).toEqual([]);

    await running.shard.drained();

    expect(told).toEqual(["changed", "unchanged"]);
  });

  test("of a partition that there is not stops the shard", async () => {
    const running = await new Machine().boot();

    // Every whole number is a place that is at home in some partition.
    running.shard.enqueue(0.5, submitted(A, plain()), {});
    await nextTurn();
    await nextTurn();

    expect(running.fatal).toHaveLength(1);
  });
});

describe("messages between partitions", () => {
  test("join the batch of the event that sends them, and leave no row in the outbox", async () => {
    const machine = new Machine();
    const running = await machine.boot();
    running.shard.enqueue(0, submitted(A, plain()), {});
    await running.shard.drained();
    const appends = running.ofKind("released").length;
    const callee = calleeOf(idOf(B, 7), { partition: 7, runId: B, target: exclusive("k") });

    running.shard.enqueue(0, appended(A, [reaching(call(1, 2), callee)]), {});
    running.shard.enqueue(0, suspended(A, firstOf(2), { seen: 2 }), {});
    await running.shard.drained();

    expect(running.ofKind("released")).toHaveLength(appends + 1);
    expect(running.store.partition(7).invocations.get(B)?.status).toBe(READY);
    expect(running.store.partition(0).outbox.scan("", "\u00ff", 9)).toEqual([]);

    running.shard.enqueue(7, ended(B, "42"), {});
    await running.shard.drained();

    expect(running.ofKind("released")).toHaveLength(appends + 2);
    expect(running.ofKind("ready").at(-1)?.runId).toBe(A);
    expect(await machine.digestOf(machine.records)).toBe(running.store.digest());
  });

  test("that are very many go in several batches, in order, and leave no row in the outbox either", async () => {
    const machine = new Machine();
    const running = await machine.boot();
    running.shard.enqueue(0, submitted(A, plain()), {});
    await running.shard.drained();
    const appends = running.ofKind("released").length;
    const runIds = Array.from({ length: 1_200 }, (_, at) => runIdAt(100 + at));
    const calls = runIds.map((runId, at) => {
      const callee = calleeOf(idOf(runId, 7), { partition: 7, runId, target: plain() });
      return reaching(call(1 + 2 * at, 2 + 2 * at), callee);
    });

    running.shard.enqueue(0, appended(A, calls), {});
    await running.shard.drained();

    expect(running.ofKind("released")).toHaveLength(appends + 3);
    const begun = running.ofKind("ready").map(({ runId }) => runId);
    expect(begun.slice(-1_200)).toEqual(runIds);
    expect(running.store.partition(0).outbox.scan("", "\u00ff", 9)).toEqual([]);
    expect(await machine.digestOf(machine.records)).toBe(running.store.digest());
  });

  test("that are in the outbox at the start are sent, and those that came before are dropped", async () => {
    const whole = new Machine();
    const before = await whole.boot();
    before.shard.enqueue(0, submitted(A, plain()), {});
    await before.shard.drained();
    const calls = [B, C].map((runId, n) => {
      const callee = calleeOf(idOf(runId, 7), { partition: 7, runId, target: plain() });
      return reaching(call(1 + 2 * n, 2 + 2 * n), callee);
    });
    before.shard.enqueue(0, appended(A, calls), {});
    await before.shard.drained();

    // A log that ends behind the sender's event, or behind the first message, or before the receipt.
    for (const missing of [3, 2, 1]) {
      const machine = await Machine.with(whole.records.slice(0, -missing));
      const after = await machine.boot();
      await after.shard.drained();

      for (const runId of [B, C]) {
        expect(after.store.partition(7).invocations.get(runId)?.status).toBe(READY);
      }
      expect(after.store.partition(7).ready.scan("", "\u00ff", 9)).toHaveLength(2);
      expect(after.store.partition(0).outbox.scan("", "\u00ff", 9)).toEqual([]);
      expect(after.fatal).toEqual([]);
    }
  });
});

describe("a shard of few partitions", () => {
  test.each([1, 3])("is at home to every id: %s of them", async (partitions) => {
    const machine = new Machine();
    const running = await machine.boot({ partitions });
    const { shard } = running;
    expect(shard.partitionNumbers).toHaveLength(partitions);
    const [caller, callee] = [idOf(A, 7), idOf(B, 60)];
    const facts = calleeOf(callee, { partition: 60, runId: B, target: exclusive("k") });

    shard.enqueue(7, submitted(A, plain(), { id: caller }), {});
    shard.enqueue(7, appended(A, [reaching(call(1, 2), facts)]), {});
    await shard.drained();
    expect(shard.tables(60).invocations.get(B)?.status).toBe(READY);
    shard.enqueue(60, ended(B, "42"), {});
    await shard.drained();

    expect(shard.tables(7).journal.read(A).at(-1)?.body).toMatchObject({
      case: "completion",
      value: { completionId: 2, result: { case: "value" } },
    });
    expect(shard.tables(7).outbox.scan("", "\u00ff", 9)).toEqual([]);
    const digest = running.store.digest();
    await machine.kill();
    const again = await machine.boot({ partitions });
    expect(again.store.digest()).toBe(digest);
  });
});

describe("a read", () => {
  test("waits for the batch under way, if that changes what it reads", async () => {
    const gate = new Gate();
    const running = await new Machine().boot({ beforeAppend: gate.pass });
    gate.shut();
    submitMany(running);
    await nextTurn();
    const reads: string[] = [];

    running.shard.whenDurable(() => reads.push("any"));
    running.shard.whenPartitionDurable(1, () => reads.push("changed partition"));
    running.shard.whenPartitionDurable(60, () => reads.push("other partition"));

    expect(reads).toEqual(["other partition"]);
    gate.open();
    await running.shard.drained();
    expect(reads).toEqual(["other partition", "any", "changed partition"]);
  });

  test("runs at once when nothing is under way", async () => {
    const running = await new Machine().boot();
    let isRead = false;

    running.shard.whenDurable(() => (isRead = true));

    expect(isRead).toBe(true);
  });
});

describe("a batch", () => {
  test("has a few mebibytes at the most: what comes with it is of the next", async () => {
    const machine = new Machine();
    const running = await machine.boot({ largeBytes: Infinity });
    const parameter = "x".repeat(1024 * 1024);
    for (let n = 1; n <= 9; n++) {
      running.shard.enqueue(0, submitted(runIdAt(n), plain(), { parameter }), { token: n });
    }

    await running.shard.drained();

    const perBatch = running.released
      .map(({ kind }) => (kind === "released" ? "|" : kind === "submitted" ? "x" : ""))
      .join("");
    expect(perBatch).toMatch(/^\|*xxxx\|xxxx\|x\|$/);
    expect(running.fatal).toEqual([]);
  });
});

describe("a full disk", () => {
  async function filled(machine: Machine): Promise<RunningShard> {
    const running = await machine.boot();
    machine.disk.capacityBytes = 0;
    // The current segment and the spare one still take something.
    for (let n = 1; running.ofKind("full").length === 0; n++) {
      expect(n).toBeLessThan(500);
      const parameter = "x".repeat(4_000);
      running.shard.enqueue(0, submitted(runIdAt(n), plain(), { parameter }), { token: n });
      await nextTurn();
      await nextTurn();
    }
    return running;
  }

  test("makes the batch wait and refuses new work, until there is room", async () => {
    const machine = new Machine();
    const running = await filled(machine);
    const answered = running.ofKind("submitted").length;
    const sent = running.store.partition(0).partitionState.appliedPosition - 1;
    expect(answered).toBeLessThan(sent);

    expect(() => {
      running.shard.admit();
    }).toThrow(expect.objectContaining({ name: "Unavailable", code: "PDR1105" }));
    const reads: number[] = [];
    running.shard.whenPartitionDurable(1, () => reads.push(1));
    expect(reads).toEqual([1]);

    machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
    await running.shard.drained();

    expect(running.ofKind("full")).toEqual([
      { kind: "full", isFull: true },
      { kind: "full", isFull: false },
    ]);
    expect(running.ofKind("submitted")).toHaveLength(sent);
    expect(() => {
      running.shard.admit();
    }).not.toThrow();
    expect(running.fatal).toEqual([]);
    expect(await machine.digestOf(machine.records)).toBe(running.store.digest());
  });

  test.each([
    [
      "found by the sync of a large batch",
      "PDR1105",
      (d: SimulatedDisk, on: boolean) => {
        d.fullAtSync = (name) => on && !name.startsWith("segment");
      },
    ],
    [
      "or too many open files",
      "PDR1110",
      (d: SimulatedDisk, on: boolean) => {
        d.filesMax = on ? 0 : Infinity;
      },
    ],
  ])("%s, makes a batch wait that needs a new segment", async (_, code, trouble) => {
    const machine = new Machine();
    const running = await machine.boot();
    trouble(machine.disk, true);

    const parameter = "x".repeat(200_000);
    const full = new Promise<void>((resolve) => {
      running.listener = ({ kind }) => {
        if (kind === "full") resolve();
      };
    });
    running.shard.enqueue(0, submitted(A, plain(), { parameter }), { token: 1 });
    await full;
    expect(() => {
      running.shard.admit();
    }).toThrow(expect.objectContaining({ name: "Unavailable", code }));
    expect(running.ofKind("submitted")).toEqual([]);
    trouble(machine.disk, false);
    await running.shard.drained();

    expect(running.ofKind("submitted")).toHaveLength(1);
    expect(running.fatal).toEqual([]);
    expect(await machine.digestOf(machine.records)).toBe(running.store.digest());
  });

  test("does not keep a shard from closing; what was acknowledged is there afterwards", async () => {
    const machine = new Machine();
    const running = await filled(machine);
    const answered = running.ofKind("submitted").map((effect) => effect.submission.runId);

    await running.shard.close();
    machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
    await machine.kill();
    const again = await machine.boot();

    for (const runId of answered) {
      expect(again.store.partition(0).invocations.get(runId)?.status).toBe(READY);
    }
    expect(await machine.digestOf(machine.records)).toBe(again.store.digest());
  });
});

describe("a sync that fails", () => {
  test.each([1, 5])(
    "stops the shard, and nothing of its batch leaves (%i events)",
    async (count) => {
      const machine = new Machine();
      const running = await machine.boot();
      machine.disk.failSync = () => true;

      submitMany(running, count);
      await expect.poll(() => running.fatal.length).toBe(1);

      expect(running.released).toEqual([]);
      expect(running.fatal).toMatchObject([{ code: "PDR1104" }]);
      expect(() => {
        running.shard.admit();
      }).toThrow(expect.objectContaining({ code: "PDR1301" }));
      running.shard.enqueue(0, submitted(A, plain()), {});
      await nextTurn();
      expect(running.store.partition(0).invocations.get(A)).toBeUndefined();
      await running.shard.close();
    },
  );
});

describe("too much at once", () => {
  test("is refused where it is new work; what is on its way passes", async () => {
    const running = await new Machine().boot();
    for (let n = 0; n < 20_000; n++) {
      running.shard.enqueue(0, signalled(idOf("never"), signalOf("go")), {});
    }

    expect(() => {
      running.shard.admit();
    }).toThrow(expect.objectContaining({ name: "Overloaded", retryAfterSeconds: 1 }));

    running.shard.enqueue(0, submitted(A, plain()), {});
    await running.shard.drained();
    expect(running.store.partition(0).invocations.get(A)?.status).toBe(READY);
    expect(() => {
      running.shard.admit();
    }).not.toThrow();
  });
});

describe("a shard that is closed", () => {
  test("has written all it was given to the tables: the next start replays nothing", async () => {
    const machine = new Machine();
    const running = await machine.boot();
    submitMany(running, 20);

    await running.shard.close();

    expect(running.ofKind("submitted")).toHaveLength(20);
    expect(running.store.checkpointPosition).toBe(running.log.lastPosition);
    const digest = running.store.digest();
    await machine.kill();
    const again = await machine.boot();
    expect(again.store.digest()).toBe(digest);
  });

  test("takes no events any more", async () => {
    const running = await new Machine().boot();
    await running.shard.close();

    running.shard.enqueue(0, submitted(A, plain()), {});
    await nextTurn();

    expect(running.store.partition(0).invocations.get(A)).toBeUndefined();
  });

  test("may be closed twice", async () => {
    const running = await new Machine().boot();
    submitMany(running);

    await Promise.all([running.shard.close(), running.shard.close()]);

    expect(running.ofKind("submitted")).toHaveLength(5);
  });
});

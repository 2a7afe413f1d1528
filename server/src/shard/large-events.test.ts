// Events whose bodies are made durable before their batch: what waits for them, and what does not.

import { describe, expect, test } from "vitest";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { setState } from "../core/commands.fixture.js";
import {
  A,
  B,
  appended,
  ended,
  exclusive,
  failed,
  invoke,
  plain,
  received,
  retryAt,
  runIdAt,
  submitted,
} from "../core/events.fixture.js";
import { Machine, type RunningShard } from "./machine.fixture.js";

const { BACKING_OFF, COMPLETED, READY } = InvocationStatus;
const large = "x".repeat(20_000);
const largeBytes = 10_000;

/** Bodies wait at it once it is shut. */
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

async function booted(gate = new Gate()): Promise<{ machine: Machine; running: RunningShard }> {
  const machine = new Machine();
  const running = await machine.boot({ largeBytes, beforeStore: gate.pass });
  return { machine, running };
}

function statusOf(running: RunningShard, runId: string): InvocationStatus | undefined {
  return running.store.partition(0).invocations.get(runId)?.status;
}

function bodiesIn(machine: Machine): string[] {
  return machine.disk.namesIn("log").filter((name) => name.startsWith("body-"));
}

describe("a large event", () => {
  test("lets what comes behind it pass, and comes when its body is durable", async () => {
    const gate = new Gate();
    const { running } = await booted(gate);
    gate.shut();

    running.shard.enqueue(0, submitted(A, plain(), { parameter: large }), { token: 1 });
    const small = new Promise<void>((resolve) => {
      running.shard.enqueue(0, submitted(B, plain()), { token: 2, onReleased: resolve });
    });
    await small;

    expect(running.ofKind("submitted").map(({ token }) => token)).toEqual([2]);
    expect(statusOf(running, A)).toBeUndefined();
    gate.open();
    await running.shard.drained();
    expect(running.ofKind("submitted").map(({ token }) => token)).toEqual([2, 1]);
  });

  test("is in the tables of the next start as it was", async () => {
    const { machine, running } = await booted();
    running.shard.enqueue(0, submitted(A, plain(), { parameter: large }), {});
    running.shard.enqueue(0, submitted(B, plain()), {});
    await running.shard.drained();
    const { store } = running;
    const digest = store.digest();
    expect(bodiesIn(machine)).toHaveLength(1);

    await machine.kill();
    const { records } = machine;
    const again = await machine.boot({ largeBytes });

    expect(statusOf(again, A)).toBe(READY);
    expect(await machine.digestOf(records)).toBe(again.store.digest());
    expect(again.store.digest()).toBe(digest);
  });

  test("holds back what its own attempt says after it", async () => {
    const gate = new Gate();
    const { running } = await booted(gate);
    running.shard.enqueue(0, submitted(A, exclusive("key")), {});
    await running.shard.drained();
    gate.shut();

    running.shard.enqueue(0, appended(A, [setState("text", large)]), {});
    running.shard.enqueue(0, ended(A, "done"), {});
    running.shard.enqueue(0, submitted(B, plain()), {});
    await new Promise<void>((resolve) => {
      running.shard.enqueue(0, submitted(runIdAt(9), plain()), { onReleased: resolve });
    });

    expect(statusOf(running, A)).toBe(READY);
    expect(statusOf(running, B)).toBe(READY);
    gate.open();
    await running.shard.drained();
    expect(statusOf(running, A)).toBe(COMPLETED);
    expect(running.refused).toEqual([]);
    expect([...running.store.partition(0).state.scan("", "\u{10ffff}", 10)]).toHaveLength(1);
  });

  test("that is refused is answered before what waits behind it", async () => {
    const gate = new Gate();
    const { machine, running } = await booted(gate);
    running.shard.enqueue(0, submitted(A, plain()), {});
    await running.shard.drained();
    gate.shut();

    // A plain service has no state.
    running.shard.enqueue(0, appended(A, [setState("text", large)]), {
      onRefused: () => {
        running.shard.enqueue(0, failed(A, retryAt(50_000)), {});
      },
    });
    running.shard.enqueue(0, ended(A, large), {});
    gate.open();
    await running.shard.drained();

    expect(running.refused).toHaveLength(1);
    expect(statusOf(running, A)).toBe(BACKING_OFF);
    // Neither has come to anything: both files are there to be used again.
    running.shard.enqueue(0, submitted(B, plain(), { parameter: large }), {});
    await running.shard.drained();
    expect(bodiesIn(machine)).toHaveLength(2);
  });

  test("that is a message keeps its place among those of its sender", async () => {
    const gate = new Gate();
    const { running } = await booted(gate);
    gate.shut();

    running.shard.enqueue(0, received(3, 1, invoke(A, plain(), { parameter: large })), {});
    running.shard.enqueue(0, received(3, 2, invoke(B, plain())), {});
    running.shard.enqueue(0, received(4, 1, invoke(runIdAt(9), plain())), {});
    await new Promise<void>((resolve) => {
      running.shard.enqueue(0, submitted(runIdAt(8), plain()), { onReleased: resolve });
    });

    expect(statusOf(running, B)).toBeUndefined();
    expect(statusOf(running, runIdAt(9))).toBe(READY);
    gate.open();
    await running.shard.drained();
    expect([A, B].map((runId) => statusOf(running, runId))).toEqual([READY, READY]);
  });

  test("goes with its batch where there is no room for a file of its own", async () => {
    const { machine, running } = await booted();
    const { disk } = machine;
    disk.capacityBytes = disk.namesIn("log").reduce((sum, name) => {
      return sum + disk.contentOf("log", name).length;
    }, 0);

    running.shard.enqueue(0, submitted(A, plain(), { parameter: large }), {});
    await running.shard.drained();

    expect(statusOf(running, A)).toBe(READY);
    expect(bodiesIn(machine)).toEqual([]);
    expect(running.fatal).toEqual([]);
  });

  test("whose body can't be written stops the shard", async () => {
    const { machine, running } = await booted();
    machine.disk.failSync = (name) => name.startsWith("body-");

    running.shard.enqueue(0, submitted(A, plain(), { parameter: large }), {});
    await running.shard.drained();

    expect(running.fatal).toMatchObject([{ code: "PDR1104" }]);
    expect(running.ofKind("submitted")).toEqual([]);
  });
});

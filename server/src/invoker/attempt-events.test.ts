// What attempts bring, over a real shard: what the core makes of it is in the tables afterwards.

import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import { AttemptNumberSchema } from "@perdure/proto/protocol/v1/deployment";
import { AppendedItemSchema, type AppendedItem } from "@perdure/proto/storage/v1/events";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { defaultRetryPolicy } from "@perdure/protocol/retry";
import { run, setState } from "../core/commands.fixture.js";
import { A, firstOf, plain, submitted } from "../core/events.fixture.js";
import { createRegistryView } from "../shard/registry-view.js";
import { Machine, type RunningShard } from "../shard/machine.fixture.js";
import { AttemptEvents } from "./attempt-events.js";
import { attemptOf } from "./attempt.fixture.js";
import type { Attempt } from "./attempt.js";
import { ValueTooLarge } from "./budget.js";

const { READY, SUSPENDED, BACKING_OFF, PAUSED, COMPLETED } = InvocationStatus;

let running: RunningShard;
let events: AttemptEvents;
let warnings: string[];

beforeEach(async () => {
  const machine = new Machine();
  running = await machine.boot();
  warnings = [];
  const nothing = (): void => undefined;
  events = new AttemptEvents({
    shard: () => running.shard,
    view: () => createRegistryView([]),
    clock: { now: () => machine.nowMs },
    log: {
      trace: nothing,
      debug: nothing,
      info: nothing,
      warn: (message) => void warnings.push(message),
      error: nothing,
    },
    retention: { journalMs: 1_000, idempotencyMs: 1_000, workflowMs: 1_000 },
  });
  running.shard.enqueue(0, submitted(A, plain()), {});
  await running.shard.drained();
});

function attempt(options: Partial<Attempt> = {}): Attempt {
  const number = create(AttemptNumberSchema, { epoch: 1, counter: 1 });
  return attemptOf(A, { number, link: { deployment: { id: "dp_1" } } as never, ...options });
}

function command(value: ReturnType<typeof run>): AppendedItem {
  return create(AppendedItemSchema, { item: { case: "command", value } });
}

async function invocation(): Promise<ReturnType<typeof stored>> {
  await running.shard.drained();
  return stored();
}

function stored(): { status?: InvocationStatus; retryCount?: number; deploymentId?: string } {
  return running.store.partition(0).invocations.get(A) ?? {};
}

describe("progress", () => {
  test("is recorded, pins the invocation, and forgets the failures before it", async () => {
    const one = attempt({ failures: 3 });

    events.append(one, [command(run(1))], false);

    expect(await invocation()).toMatchObject({ status: READY, deploymentId: "dp_1" });
    expect(one.failures).toBe(0);
  });

  test("that the core refuses fails the attempt, which has its failures again, and is told of", async () => {
    const one = attempt({ failures: 3 });

    // A plain service has no state.
    events.append(one, [command(setState("s", "1"))], false);

    expect(await invocation()).toMatchObject({ status: BACKING_OFF, deploymentId: "" });
    expect(one.failures).toBe(3);
    expect(warnings.join()).toMatch(/Greeter\/greet failed: PDR2007/);
  });

  test.each([
    ["pause", PAUSED],
    ["kill", COMPLETED],
  ] as const)(
    "with a value too large does at once what the policy does in the end: %s",
    async (onMaxAttempts, status) => {
      const one = attempt({ retryPolicy: { ...defaultRetryPolicy, onMaxAttempts } });

      events.refused(one, new ValueTooLarge("too large"));

      expect(await invocation()).toMatchObject({ status });
      expect(warnings[0]).toContain("PDR2015");
    },
  );
});

describe("an attempt", () => {
  test("that only waits is suspended once", async () => {
    const waiting = { awaiting: firstOf(1), seen: 0, sinceMs: 0, suspending: false };
    const one = attempt({ waiting });

    events.suspend(one);
    events.suspend(one);

    expect(await invocation()).toMatchObject({ status: SUSPENDED });
    expect(waiting.suspending).toBe(true);
    expect(running.ofKind("attemptOver")).toHaveLength(1);
  });

  test("that does not wait is not suspended", async () => {
    events.suspend(attempt());

    expect(await invocation()).toMatchObject({ status: READY });
  });

  test("that is given up costs no retry", async () => {
    events.giveUp(attempt());

    expect(await invocation()).toMatchObject({ status: READY, retryCount: 0, attempt: 2 });
  });
});

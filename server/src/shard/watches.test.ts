// What watches cost, and that nothing of them stays. What they tell: watch-events.test.ts and test/e2e/watch.test.ts.

import { create } from "@bufbuild/protobuf";
import { EntrySchema, type Entry } from "@perdure/proto/protocol/v1/journal";
import {
  InvocationSchema,
  InvocationStatus,
  type Invocation,
} from "@perdure/proto/storage/v1/records";
import { invocationIdOf } from "@perdure/protocol/ids";
import { beforeEach, expect, test } from "vitest";
import { GoneSignal } from "./gone-signal.js";
import type { Shard } from "./shard.js";
import { Watches, type Watched } from "./watches.js";

const runId = "0000000000000000000001";
const id = invocationIdOf("7", runId);
const input = create(EntrySchema, { body: { case: "input", value: {} } });

/** One partition with one invocation, as a checkpoint leaves it: in LMDB, read anew each time. */
let stored: Invocation;
let recent: Invocation | undefined;
/** From which entry on the journal was read, each time. */
let reads: number[];
let journal: Entry[];
let watches: Watches;
beforeEach(() => {
  stored = create(InvocationSchema, { id, status: InvocationStatus.SUSPENDED, entryCount: 1 });
  recent = undefined;
  reads = [];
  journal = [input];
  const tables = {
    identities: { get: () => undefined },
    invocations: { get: () => recent ?? create(InvocationSchema, stored) },
    recentInvocation: () => recent,
    journal: {
      read: (_: string, from = 0) => {
        reads.push(from);
        return journal.slice(from);
      },
    },
  };
  const shard = {
    tables: () => tables,
    partitionAt: () => 0,
    whenPartitionDurable: (_: number, read: () => void) => {
      read();
    },
  };
  watches = new Watches({
    shard: () => shard as unknown as Shard,
    attemptOf: () => undefined,
  });
});

async function watching(gone: GoneSignal): Promise<AsyncGenerator<Watched, void>> {
  const events = await watches.watch(id, undefined, gone);
  if (events === undefined) throw new Error("there is no invocation");
  for (const expected of ["accepted", "waiting"]) {
    expect((await events.next()).value).toMatchObject({ event: { case: expected } });
  }
  return events;
}

function write(status: InvocationStatus): void {
  recent = create(InvocationSchema, { ...stored, status });
  watches.released([{ partition: 0 }]);
}

test("batches that change others read nothing, also where the record is in LMDB", async () => {
  const gone = new GoneSignal();
  const events = await watching(gone);
  const next = events.next();
  await new Promise(setImmediate);
  const before = reads.length;

  for (let batch = 0; batch < 100; batch++) watches.released([{ partition: 0 }]);
  await new Promise(setImmediate);

  expect(reads).toHaveLength(before);
  write(InvocationStatus.PAUSED);
  expect((await next).value).toMatchObject({ event: { case: "paused" } });
  gone.abort();
  await events.return();
});

test("a record that goes to LMDB has not changed by that", async () => {
  const gone = new GoneSignal();
  const events = await watching(gone);
  write(InvocationStatus.PAUSED);
  expect((await events.next()).value).toMatchObject({ event: { case: "paused" } });
  const next = events.next();
  await new Promise(setImmediate);
  const before = reads.length;

  stored = create(InvocationSchema, { ...stored, status: InvocationStatus.PAUSED });
  recent = undefined;
  watches.released([{ partition: 0 }]);
  await new Promise(setImmediate);

  expect(reads).toHaveLength(before);
  gone.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});

test("of a journal, only what is new is read", async () => {
  const gone = new GoneSignal();
  const events = await watching(gone);
  for (let step = 1; step <= 50; step++) {
    const run = { case: "run" as const, value: { completionId: step } };
    journal.push(create(EntrySchema, { name: `step ${String(step)}`, body: run }));
    const result = { case: "void" as const, value: {} };
    const completion = { case: "completion" as const, value: { completionId: step, result } };
    journal.push(create(EntrySchema, { body: completion }));
    reads = [];
    write(InvocationStatus.SUSPENDED);

    const expected = { operation: "run", name: `step ${String(step)}` };
    let told: Watched["event"];
    do told = ((await events.next()) as { value: Watched }).value.event;
    while (told.case !== "stepRecorded");
    expect(told.value).toMatchObject(expected);
    expect(Math.min(...reads)).toBeGreaterThanOrEqual(2 * step - 1);
  }
  gone.abort();
  await events.return();
});

test.each([
  [
    "whose client has gone while it waited",
    async (events: AsyncGenerator, gone: GoneSignal) => {
      const next = events.next();
      gone.abort();
      await next;
    },
  ],
  ["that nobody reads any more", (events: AsyncGenerator) => events.return(undefined)],
])("nothing stays of a watch %s", async (_, leave) => {
  const gone = new GoneSignal();
  const events = await watching(gone);
  expect(watches.count).toBe(1);

  await leave(events, gone);

  expect(watches.count).toBe(0);
});

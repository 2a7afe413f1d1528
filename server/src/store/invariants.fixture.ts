// What must hold in the tables of a partition after every event. Each offence is a readable line.
//   I1. At most one exclusive invocation of a key is on its way, and it holds the lock.
//   I2. A row of ready, timers, inbox or of those who wait for a promise belongs to an invocation that
//       is in the state which the row stands for, and the other way round.
//   I3. A deployment's count is that of its invocations.
//   I4. A record says nothing of a state that the invocation is not in.
// Of limits: limit-invariants.fixture.ts. Of journals: journal-invariants.fixture.ts.

import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import {
  InvocationStatus as Status,
  PendingCompletion_Kind as PendingKind,
  type InboxRow,
  type Invocation,
  type KeyLock,
} from "@perdure/proto/storage/v1/records";
import { deployments } from "../core/actors.fixture.js";
import {
  dueAtOfTimerKey,
  groupOfReadyKey,
  objectKey,
  queueOfInboxKey,
  sequenceOfKey,
} from "../core/keys.js";
import { objectOf } from "../core/lock.js";
import { pinnedTo } from "../core/pin.js";
import type { RangeTable, Row } from "../core/tables.js";
import { journalOffences } from "./journal-invariants.fixture.js";
import { limitOffences } from "./limit-invariants.fixture.js";
import type { PartitionTables } from "./partition-tables.js";

/** States of an invocation that has started and not ended. */
const onItsWay: ReadonlySet<Status> = new Set([
  Status.READY,
  Status.SUSPENDED,
  Status.BACKING_OFF,
  Status.PAUSED,
]);

interface Content {
  readonly invocations: ReadonlyMap<string, Invocation>;
  readonly locks: ReadonlyMap<string, KeyLock>;
}

export function offencesIn(tables: PartitionTables, known: KnownKeys): string[] {
  const content = { invocations: invocationsIn(tables, known), locks: locksIn(tables, known) };
  return [
    ...lockOffences(tables, content),
    ...readyOffences(tables, content),
    ...timerOffences(tables, content),
    ...promiseOffences(tables, content),
    ...journalOffences(tables, content.invocations),
    ...pinOffences(tables, content),
    ...recordOffences(content),
    ...limitOffences(tables, content.invocations),
  ];
}

/** Keys that there may be in tables that can only be read by key. */
export interface KnownKeys {
  readonly runIds: Iterable<string>;
  readonly objects: Iterable<string>;
}

export function invocationsIn(
  { invocations }: PartitionTables,
  { runIds }: KnownKeys,
): ReadonlyMap<string, Invocation> {
  return rowsOf(runIds, (runId) => invocations.get(runId));
}

function locksIn({ locks }: PartitionTables, { objects }: KnownKeys): ReadonlyMap<string, KeyLock> {
  return rowsOf(objects, (object) => locks.get(object));
}

function rowsOf<V>(keys: Iterable<string>, get: (key: string) => V | undefined): Map<string, V> {
  const rows = new Map<string, V>();
  for (const key of keys) {
    const row = get(key);
    if (row !== undefined) rows.set(key, row);
  }
  return rows;
}

function all<V>(table: RangeTable<V>): Row<V>[] {
  return table.scan("", "\u00ff", Number.MAX_SAFE_INTEGER);
}

function lockOffences(tables: PartitionTables, { invocations, locks }: Content): string[] {
  const offences: string[] = [];
  const waiting = new Map<string, number>();
  let inboxed = 0;
  for (const { key, value } of all(tables.inbox)) {
    const queue = queueOfInboxKey(key);
    const invocation = invocations.get(value.runId);
    if (invocation !== undefined) inboxed++;
    // What waits for limits: limit-invariants.fixture.ts.
    if (queue.startsWith("=")) continue;
    if (!isOfQueue(queue, value, invocation)) {
      offences.push(`inbox row of ${value.runId || "a patch"}, which does not wait there`);
      continue;
    }
    waiting.set(queue, (waiting.get(queue) ?? 0) + 1);
  }
  for (const [object, lock] of locks) {
    const holder = invocations.get(lock.runId);
    if (holder === undefined || !mayHoldLock(holder) || objectOf(holder) !== object) {
      offences.push(`lock of ${lock.runId}, which is not on its way`);
    }
    if (lock.waiting !== (waiting.get(object) ?? 0)) offences.push(`lock counts ${lock.waiting}`);
  }
  for (const object of waiting.keys()) {
    if (!locks.has(object)) offences.push("an inbox without a lock");
  }
  for (const [runId, invocation] of invocations) {
    if (invocation.handlerKind !== HandlerKind.EXCLUSIVE || !mayHoldLock(invocation)) continue;
    const holder = locks.get(objectOf(invocation) ?? "")?.runId;
    if (holder !== runId) offences.push(`${runId} is on its way without the lock of its key`);
  }
  const wait = [...invocations.values()].filter(({ status }) => status === Status.INBOXED);
  if (wait.length !== inboxed) offences.push(`${wait.length} wait in inboxes, ${inboxed} rows`);
  return offences;
}

/** Of one that waits for the limits of its scope, too: it has its lock by then. */
function mayHoldLock({ status, queueGroup }: Invocation): boolean {
  return onItsWay.has(status) || (status === Status.INBOXED && queueGroup !== "");
}

function isOfQueue(
  queue: string,
  { patch }: InboxRow,
  invocation: Invocation | undefined,
): boolean {
  if (patch !== undefined) return objectKey(patch.service, patch.key, patch.scope) === queue;
  if (invocation?.status !== Status.INBOXED || invocation.queueGroup !== "") return false;
  return objectOf(invocation) === queue;
}

function readyOffences(tables: PartitionTables, { invocations }: Content): string[] {
  const rows = all(tables.ready);
  const offences = rows.flatMap(({ key, value: { runId } }) => {
    const invocation = invocations.get(runId);
    const isRight =
      invocation?.status === Status.READY &&
      invocation.queueGroup === groupOfReadyKey(key) &&
      invocation.queueSequence === sequenceOfKey(key);
    return isRight ? [] : [`ready row of ${runId}, which is not ready there`];
  });
  const ready = [...invocations.values()].filter(({ status }) => status === Status.READY);
  if (ready.length !== rows.length) offences.push(`${ready.length} are ready, ${rows.length} rows`);
  return offences;
}

function timerOffences(tables: PartitionTables, { invocations }: Content): string[] {
  const found = new Set<string>();
  const offences: string[] = [];
  for (const { key, value } of all(tables.timers)) {
    const { runId, timer } = value;
    const invocation = invocations.get(runId);
    const at = dueAtOfTimerKey(key);
    const isRight = invocation !== undefined && isExpected(invocation, timer, at);
    if (!isRight) offences.push(`${timer.case} timer of ${runId}, which does not wait for it`);
    const which = timer.case === "sleep" ? timer.value.completionId : 0;
    const journalOnly = timer.case === "retention" && timer.value.journalOnly ? " journal" : "";
    const name = `${runId} ${timer.case}${journalOnly} ${which}`;
    if (found.has(name)) offences.push(`two timers: ${name}`);
    found.add(name);
  }
  const timerOf: Partial<Record<Status, string>> = {
    [Status.SCHEDULED]: "start",
    [Status.BACKING_OFF]: "retry",
    [Status.COMPLETED]: "retention",
  };
  for (const [runId, invocation] of invocations) {
    const { status, pending } = invocation;
    const wanted = timerOf[status];
    if (wanted !== undefined && !found.has(`${runId} ${wanted} 0`)) {
      offences.push(`${runId} has no ${wanted} timer`);
    }
    if (isJournalTimed(invocation) && !found.has(`${runId} retention journal 0`)) {
      offences.push(`${runId} has no timer for its journal`);
    }
    for (const { kind, completionId } of pending) {
      if (kind !== PendingKind.SLEEP || found.has(`${runId} sleep ${completionId}`)) continue;
      offences.push(`${runId} has no timer for sleep ${completionId}`);
    }
  }
  return offences;
}

/** Its journal is there, and goes before the rest of it. */
function isJournalTimed(invocation: Invocation): boolean {
  const { status, entryCount, journalRetention, completionRetention } = invocation;
  return status === Status.COMPLETED && entryCount > 1 && journalRetention < completionRetention;
}

type Timer = ReturnType<PartitionTables["timers"]["scan"]>[number]["value"]["timer"];

function isExpected(invocation: Invocation, timer: Timer, at: number): boolean {
  const { status, dueAt, pending, completedAt, journalRetention } = invocation;
  switch (timer.case) {
    case "sleep": {
      const sleep = pending.find((one) => one.completionId === timer.value.completionId);
      return sleep?.kind === PendingKind.SLEEP && sleep.dueAt === at;
    }
    case "start":
      return status === Status.SCHEDULED && dueAt === at;
    case "retry":
      return status === Status.BACKING_OFF && dueAt === at;
    case "retention":
      if (status !== Status.COMPLETED) return false;
      if (!timer.value.journalOnly) return Math.floor(dueAt) === at;
      return isJournalTimed(invocation) && Math.floor(completedAt + journalRetention) === at;
    case undefined:
      return false;
  }
}

function promiseOffences(tables: PartitionTables, { invocations }: Content): string[] {
  const offences: string[] = [];
  const waiting = new Set<string>();
  for (const { value: promise } of all(tables.promises)) {
    for (const { runId, completionId } of promise.waiting) {
      const pending = invocations.get(runId)?.pending.find((p) => p.completionId === completionId);
      if (pending?.kind !== PendingKind.PROMISE) offences.push(`${runId} is told, but waits not`);
      waiting.add(`${runId} ${completionId}`);
    }
    if (promise.result.case !== undefined && promise.waiting.length > 0) {
      offences.push("a promise that is complete is waited for");
    }
  }
  return offences;
}

function pinOffences(tables: PartitionTables, { invocations }: Content): string[] {
  const pinned = new Map<string, number>(deployments.map((id) => [id, 0]));
  for (const { status, deploymentId } of invocations.values()) {
    if (deploymentId === "" || status === Status.COMPLETED) continue;
    pinned.set(deploymentId, (pinned.get(deploymentId) ?? 0) + 1);
  }
  return [...pinned].flatMap(([id, count]) => {
    const counted = pinnedTo({ tables }, id);
    return counted === count ? [] : [`${counted} counted for ${id}, ${count} belong to it`];
  });
}

function recordOffences({ invocations }: Content): string[] {
  return [...invocations].flatMap(([runId, invocation]) => {
    const { status, queueGroup, queueSequence, dueAt, awaiting } = invocation;
    const isQueued = status === Status.READY || status === Status.INBOXED;
    const isTimed =
      status === Status.SCHEDULED || status === Status.BACKING_OFF || status === Status.COMPLETED;
    const wrong = [
      (queueSequence !== 0) !== isQueued ? "queueSequence" : "",
      queueGroup !== "" && !isQueued ? "queueGroup" : "",
      dueAt !== 0 && !isTimed ? "dueAt" : "",
      awaiting !== undefined && status !== Status.SUSPENDED ? "awaiting" : "",
    ].filter((name) => name !== "");
    return wrong.map((name) => `${runId} in status ${status} has a wrong ${name}`);
  });
}

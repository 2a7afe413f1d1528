// What must hold in the tables of a partition after every event. Each offence is a readable line.
//   I1. At most one exclusive invocation of a key is on its way, and it holds the lock.
//   I2. A row of ready, timers, inbox or of those who wait for a promise belongs to an invocation that
//       is in the state which the row stands for, and the other way round.
//   I3. An invocation's counts are those of its journal.

import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import type { Awaiting } from "@perdure/proto/protocol/v1/journal";
import {
  InvocationStatus as Status,
  PendingCompletion_Kind as PendingKind,
  type Invocation,
  type KeyLock,
} from "@perdure/proto/storage/v1/records";
import { dueAtOfTimerKey, groupOfReadyKey, sequenceOfReadyKey } from "../core/keys.js";
import { objectOf } from "../core/lock.js";
import type { RangeTable, Row } from "../core/tables.js";
import type { PartitionTables } from "./partition-tables.js";

/** States of an invocation that holds the lock of its key. */
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
    ...journalOffences(tables, content),
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
  for (const { key, value } of all(tables.inbox)) {
    const invocation = invocations.get(value.runId);
    const object = invocation === undefined ? undefined : objectOf(invocation);
    if (invocation?.status !== Status.INBOXED || object === undefined || !key.startsWith(object)) {
      offences.push(`inbox row of ${value.runId}, which does not wait there`);
      continue;
    }
    waiting.set(object, (waiting.get(object) ?? 0) + 1);
  }
  for (const [object, lock] of locks) {
    const holder = invocations.get(lock.runId);
    if (holder === undefined || !onItsWay.has(holder.status) || objectOf(holder) !== object) {
      offences.push(`lock of ${lock.runId}, which is not on its way`);
    }
    if (lock.waiting !== (waiting.get(object) ?? 0)) offences.push(`lock counts ${lock.waiting}`);
  }
  for (const object of waiting.keys()) {
    if (!locks.has(object)) offences.push("an inbox without a lock");
  }
  for (const [runId, invocation] of invocations) {
    const { status, handlerKind } = invocation;
    if (handlerKind !== HandlerKind.EXCLUSIVE || !onItsWay.has(status)) continue;
    const holder = locks.get(objectOf(invocation) ?? "")?.runId;
    if (holder !== runId) offences.push(`${runId} is on its way without the lock of its key`);
  }
  const inboxed = [...invocations.values()].filter(({ status }) => status === Status.INBOXED);
  const rows = [...waiting.values()].reduce((sum, count) => sum + count, 0);
  if (inboxed.length !== rows) offences.push(`${inboxed.length} wait behind locks, ${rows} rows`);
  return offences;
}

function readyOffences(tables: PartitionTables, { invocations }: Content): string[] {
  const rows = all(tables.ready);
  const offences = rows.flatMap(({ key, value: { runId } }) => {
    const invocation = invocations.get(runId);
    const isRight =
      invocation?.status === Status.READY &&
      invocation.queueGroup === groupOfReadyKey(key) &&
      invocation.queueSequence === sequenceOfReadyKey(key);
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
  for (const [runId, { status, pending }] of invocations) {
    const wanted = timerOf[status];
    if (wanted !== undefined && !found.has(`${runId} ${wanted} 0`)) {
      offences.push(`${runId} has no ${wanted} timer`);
    }
    for (const { kind, completionId } of pending) {
      if (kind !== PendingKind.SLEEP || found.has(`${runId} sleep ${completionId}`)) continue;
      offences.push(`${runId} has no timer for sleep ${completionId}`);
    }
  }
  return offences;
}

type Timer = ReturnType<PartitionTables["timers"]["scan"]>[number]["value"]["timer"];

function isExpected(invocation: Invocation, timer: Timer, at: number): boolean {
  const { status, dueAt, pending } = invocation;
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
      return status === Status.COMPLETED && (timer.value.journalOnly || Math.floor(dueAt) === at);
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

function leavesOf({ completionIds, nested }: Awaiting): number[] {
  return [...completionIds, ...nested.flatMap(leavesOf)];
}

const notifications: ReadonlySet<string | undefined> = new Set(["completion", "signal"]);

function journalOffences(tables: PartitionTables, { invocations }: Content): string[] {
  return [...invocations].flatMap(([runId, invocation]) => {
    const entries = tables.journal.read(runId);
    const { entryCount, lastNotification, status, outputIndex, pending } = invocation;
    const offences: string[] = [];
    if (entries.length !== entryCount)
      offences.push(`${entryCount} counted, ${entries.length} there`);
    const isPurged = entries.length === 1 && status === Status.COMPLETED;
    const last = entries.findLastIndex(({ body }) => notifications.has(body.case));
    if (!isPurged && lastNotification !== Math.max(0, last)) {
      offences.push(`last notification is ${last}, not ${lastNotification}`);
    }
    const outputs = entries.filter(({ body }) => body.case === "output");
    if (outputs.length !== (status === Status.COMPLETED ? 1 : 0)) offences.push("outputs");
    if (status === Status.COMPLETED && entries[outputIndex]?.body.case !== "output") {
      offences.push("the output is elsewhere");
    }
    if (!isPurged && entries[0]?.body.case !== "input") offences.push("no input");
    const completed = entries.flatMap(({ body }) => {
      return body.case === "completion" ? [body.value.completionId] : [];
    });
    if (new Set(completed).size !== completed.length) offences.push("completed twice");
    const awaited = invocation.awaiting === undefined ? [] : leavesOf(invocation.awaiting);
    if (awaited.some((id) => completed.includes(id))) offences.push("awaits what has come");
    for (const { completionId } of pending) {
      if (completed.includes(completionId))
        offences.push(`${completionId} is pending and complete`);
    }
    return offences.map((offence) => `journal of ${runId}: ${offence}`);
  });
}

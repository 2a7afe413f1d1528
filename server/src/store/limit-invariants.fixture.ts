// What must hold for limits in the tables of a partition after every event. Written anew, from what limits are
// meant to be, and not with what the core has for it.
//   L1. Who runs in a scope is counted, on every level, until its end; nobody else is.
//   L2. Who is let in finds room: no counter is above its limit then.
//   L3. Nobody waits who has room. Rows of a queue belong to invocations that wait in it.

import { InvocationStatus as Status, type Invocation } from "@perdure/proto/storage/v1/records";
import { limitKeys, scope } from "../core/operators.fixture.js";
import { sequenceOfKey, queueOfInboxKey } from "../core/keys.js";
import type { PartitionTables } from "./partition-tables.js";

const runs: ReadonlySet<Status> = new Set([
  Status.READY,
  Status.SUSPENDED,
  Status.BACKING_OFF,
  Status.PAUSED,
]);

/** Run ids of those that are counted. */
export function countedIn(invocations: ReadonlyMap<string, Invocation>): ReadonlySet<string> {
  const all = [...invocations];
  return new Set(all.filter(([, { counted }]) => counted).map(([runId]) => runId));
}

export function limitOffences(
  tables: PartitionTables,
  invocations: ReadonlyMap<string, Invocation>,
): string[] {
  const offences: string[] = [];
  const expected = new Map<string, number>(everyCounter().map((name) => [name, 0]));
  for (const [runId, invocation] of invocations) {
    const { counted, status, target } = invocation;
    const mustCount = target?.scope !== undefined && runs.has(status);
    if (counted !== mustCount)
      offences.push(`${runId} is counted: ${counted}, in status ${status}`);
    if (!mustCount) continue;
    for (const name of levelsOf(invocation)) expected.set(name, (expected.get(name) ?? 0) + 1);
  }
  for (const [name, count] of expected) {
    const stored = countOf(tables, name);
    if (stored !== count) offences.push(`${stored} counted for ${name}, ${count} run`);
  }

  const heads = new Set<string>();
  for (const { key, value } of tables.inbox.scan("=", "=\u00ff", Number.MAX_SAFE_INTEGER)) {
    const queue = queueOfInboxKey(key);
    const invocation = invocations.get(value.runId);
    const { scope: of = "", limitKey = "" } = invocation?.target ?? {};
    const isRight =
      invocation?.status === Status.INBOXED &&
      value.patch === undefined &&
      invocation.queueGroup === queue &&
      invocation.queueSequence === sequenceOfKey(key) &&
      queue === `=${of}\u0000${limitKey}\u0000`;
    if (!isRight) {
      offences.push(`${value.runId} does not wait in ${JSON.stringify(queue)}`);
      continue;
    }
    if (heads.has(queue)) continue;
    heads.add(queue);
    const isHeld = levelsOf(invocation).some(
      (name) => countOf(tables, name) >= limitOf(tables, name),
    );
    if (!isHeld) offences.push(`${value.runId} waits, and has room`);
  }
  return offences;
}

/** Of those that have just been let in. */
export function admissionOffences(
  tables: PartitionTables,
  invocations: ReadonlyMap<string, Invocation>,
  admitted: readonly string[],
): string[] {
  return admitted.flatMap((runId) => {
    const invocation = invocations.get(runId);
    const levels = invocation === undefined ? [] : levelsOf(invocation);
    const above = levels.filter((name) => countOf(tables, name) > limitOf(tables, name));
    return above.map((name) => `${runId} was let in above the limit of ${name}`);
  });
}

/** "s", "s/a", "s/a/x" */
function levelsOf({ target }: Invocation): string[] {
  return levels(target?.scope ?? "", target?.limitKey);
}

function levels(of: string, limitKey: string | undefined): string[] {
  const [first, second] = limitKey?.split("/") ?? [];
  if (first === undefined) return [of];
  return second === undefined
    ? [of, `${of}/${first}`]
    : [of, `${of}/${first}`, `${of}/${first}/${second}`];
}

function everyCounter(): string[] {
  return [...new Set(limitKeys.flatMap((limitKey) => levels(scope, limitKey)))];
}

function countOf(tables: PartitionTables, name: string): number {
  return tables.sequences.get(`limit:${name}`)?.value ?? 0;
}

/** Of all rules that fit, the one that sorts first where written-out parts come before stars. */
function limitOf(tables: PartitionTables, name: string): number {
  const parts = name.split("/");
  const rows = tables.rules.scan("", "\u00ff", Number.MAX_SAFE_INTEGER);
  const fitting = rows.flatMap(({ value }) => {
    const pattern = value.pattern.split("/");
    const fits = pattern.every((part, index) => part === "*" || part === parts[index]);
    if (value.disabled || pattern.length !== parts.length || !fits) return [];
    return [{ order: pattern.map((part) => (part === "*" ? "1" : "0")).join(""), value }];
  });
  const [best] = fitting.toSorted((a, b) => (a.order < b.order ? -1 : 1));
  return best?.value.concurrency ?? Number.POSITIVE_INFINITY;
}

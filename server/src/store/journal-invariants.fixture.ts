// What must hold for the journal of each invocation: its record's counts are those of the journal, one output at
// the end, and each command is answered once, or waited for.

import type { Awaiting, Entry } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus as Status, type Invocation } from "@perdure/proto/storage/v1/records";
import type { PartitionTables } from "./partition-tables.js";

function leavesOf({ completionIds, nested }: Awaiting): number[] {
  return [...completionIds, ...nested.flatMap(leavesOf)];
}

const notifications: ReadonlySet<string | undefined> = new Set(["completion", "signal"]);

/** Completions that a command waits for. */
function askedBy(body: Entry["body"]): number[] {
  switch (body.case) {
    case "run":
    case "sleep":
    case "getPromise":
    case "attach":
    case "getOutput":
      return [body.value.completionId];
    case "call":
      return [body.value.resultCompletionId];
    default:
      return [];
  }
}

export function journalOffences(
  tables: PartitionTables,
  invocations: ReadonlyMap<string, Invocation>,
): string[] {
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
    const open = pending.map(({ completionId }) => completionId);
    for (const id of entries.flatMap(({ body }) => askedBy(body))) {
      if (status === Status.COMPLETED || completed.includes(id) || open.includes(id)) continue;
      offences.push(`${id} is neither complete nor pending`);
    }
    const awaited = invocation.awaiting === undefined ? [] : leavesOf(invocation.awaiting);
    if (awaited.some((id) => completed.includes(id))) offences.push("awaits what has come");
    if (status === Status.COMPLETED && pending.length + invocation.sinks.length > 0) {
      offences.push("has ended, and waits or is waited for");
    }
    for (const { completionId } of pending) {
      if (completed.includes(completionId))
        offences.push(`${completionId} is pending and complete`);
    }
    return offences.map((offence) => `journal of ${runId}: ${offence}`);
  });
}

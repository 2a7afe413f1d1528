// A durable timer. The duration counts from the time of the event that records it.

import type { SleepCommand } from "@perdure/proto/protocol/v1/journal";
import { PendingCompletion_Kind as PendingKind } from "@perdure/proto/storage/v1/records";
import { entryOf } from "@perdure/protocol/messages";
import { dueAfter, timerKey } from "../keys.js";
import { appendEntry } from "../notify.js";
import { expect } from "../pending.js";
import { sleepTimer } from "../rows.js";
import type { CommandContext } from "./apply-command.js";

export function sleep({ ctx, draft, entry, command }: CommandContext<SleepCommand>): void {
  const { completionId, durationMs } = command;
  const { runId } = draft;
  const dueAt = dueAfter(ctx.nowMs, durationMs);
  const value = { ...command, wakeUpTimeMs: BigInt(dueAt) };
  appendEntry(ctx, draft, entryOf(entry.name, { case: "sleep", value }));
  expect(draft, { completionId, kind: PendingKind.SLEEP, dueAt });
  ctx.tables.timers.put(
    timerKey(dueAt, runId, "sleep", completionId),
    sleepTimer(runId, completionId),
  );
  ctx.emit({ kind: "armTimer", dueAt, retention: false });
}

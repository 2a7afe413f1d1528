// A durable timer. The duration counts from the time of the event that records it.

import { create } from "@bufbuild/protobuf";
import {
  EntrySchema,
  SleepCommandSchema,
  type SleepCommand,
} from "@perdure/proto/protocol/v1/journal";
import {
  PendingCompletion_Kind as PendingKind,
  TimerRowSchema,
} from "@perdure/proto/storage/v1/records";
import { dueAfter, timerKey } from "../keys.js";
import { appendEntry } from "../notify.js";
import { expect } from "../pending.js";
import type { CommandContext } from "./apply-command.js";

export function sleep({ ctx, draft, entry, command }: CommandContext<SleepCommand>): void {
  const { completionId, durationMs } = command;
  const { runId } = draft;
  const dueAt = dueAfter(ctx.nowMs, durationMs);
  const value = create(SleepCommandSchema, {
    completionId,
    durationMs,
    wakeUpTimeMs: BigInt(dueAt),
  });
  appendEntry(
    ctx,
    draft,
    create(EntrySchema, { name: entry.name, body: { case: "sleep", value } }),
  );
  expect(draft, { completionId, kind: PendingKind.SLEEP, dueAt });
  ctx.tables.timers.put(
    timerKey(dueAt, runId, "sleep", completionId),
    create(TimerRowSchema, { runId, timer: { case: "sleep", value: { completionId } } }),
  );
  ctx.emit({ kind: "armTimer", dueAt, retention: false });
}

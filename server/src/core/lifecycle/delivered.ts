// Receivers have logged messages of this partition: their rows in the outbox are not needed any more.

import type { Delivered } from "@perdure/proto/storage/v1/events";
import type { ApplyContext } from "../context.js";
import { outboxKey } from "../keys.js";
import { sequenceRow } from "../rows.js";

export function delivered(ctx: ApplyContext, event: Delivered): void {
  for (const { partition, sequence } of event.to) {
    const counter = `delivered:${String(partition)}`;
    const before = ctx.tables.sequences.get(counter)?.value ?? 0;
    if (sequence <= before) continue;
    for (let next = before + 1; next <= sequence; next++) {
      ctx.tables.outbox.delete(outboxKey(partition, next));
    }
    ctx.tables.sequences.put(counter, sequenceRow(sequence));
  }
}

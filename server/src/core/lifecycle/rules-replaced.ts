// The rules of all scopes change. What waited for a limit that is higher now, or gone, starts.

import type { RulesReplaced } from "@perdure/proto/storage/v1/events";
import { registryPartition } from "@perdure/protocol/ids";
import type { ApplyContext } from "../context.js";
import { startAllWaiting } from "../limits.js";

export function rulesReplaced(ctx: ApplyContext, { rules }: RulesReplaced): void {
  const table = ctx.tables.rules;
  for (const { key } of table.scan("", "\u00ff", Number.MAX_SAFE_INTEGER)) table.delete(key);
  for (const rule of rules) table.put(rule.pattern, rule);
  startAllWaiting(ctx);
  if (ctx.partition === registryPartition) ctx.emit({ kind: "registryChanged" });
}

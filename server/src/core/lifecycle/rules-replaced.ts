// The rules of all scopes are others.

import type { RulesReplaced } from "@perdure/proto/storage/v1/events";
import type { ApplyContext } from "../context.js";
import { rulesAreNow } from "../rules.js";

export function rulesReplaced(ctx: ApplyContext, { rules, version }: RulesReplaced): void {
  const table = ctx.tables.rules;
  for (const { key } of table.scan("", "\u00ff", Number.MAX_SAFE_INTEGER)) table.delete(key);
  for (const rule of rules) table.put(rule.pattern, rule);
  rulesAreNow(ctx, version);
}

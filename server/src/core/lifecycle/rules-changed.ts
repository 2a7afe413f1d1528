// Some rules of scopes change: what is written is what changed, however many there are.

import type { RulesChanged } from "@perdure/proto/storage/v1/events";
import { invariant } from "@perdure/protocol/assert";
import type { ApplyContext } from "../context.js";
import { rulesAreNow, rulesVersionOf } from "../rules.js";

export function rulesChanged(ctx: ApplyContext, { rules, removed, version }: RulesChanged): void {
  invariant(rulesVersionOf(ctx.tables) === version - 1, "no change of the rules is left out");
  for (const pattern of removed) ctx.tables.rules.delete(pattern);
  for (const rule of rules) ctx.tables.rules.put(rule.pattern, rule);
  rulesAreNow(ctx, version);
}

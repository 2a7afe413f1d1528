// The rules of scopes as a partition has them. All partitions have the same; one that has another version was left behind.

import { registryPartition } from "@perdure/protocol/ids";
import type { ApplyContext } from "./context.js";
import { startAllWaiting } from "./limits.js";
import { sequenceRow } from "./rows.js";
import type { Tables } from "./tables.js";

const versionName = "rules";

/** How often they have changed; 0 where the last change was an earlier release's. */
export function rulesVersionOf({ sequences }: Pick<Tables, "sequences">): number {
  return sequences.get(versionName)?.value ?? 0;
}

/** They have changed: what waited for a limit that is higher now, or gone, starts. */
export function rulesAreNow(ctx: ApplyContext, version: number): void {
  if (version > 0) ctx.tables.sequences.put(versionName, sequenceRow(version));
  startAllWaiting(ctx);
  if (ctx.partition === registryPartition) ctx.emit({ kind: "registryChanged" });
}

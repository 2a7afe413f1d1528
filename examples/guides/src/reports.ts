// Scopes and limit keys: how many invocations run at the same time, for whom.

import { handler, rpc, service } from "@perdure/sdk";
import type { Context } from "@perdure/sdk";

@service()
export class Reports {
  @handler()
  async make(ctx: Context, millis: number): Promise<string> {
    await ctx.run("query", () => new Promise<void>((done) => setTimeout(done, millis)));
    return `made for ${ctx.request().scope ?? "nobody"}`;
  }

  /** Calls for one tenant, whose plan says how many may run at once. */
  @handler()
  async makeFor(ctx: Context, { tenant, plan }: { tenant: string; plan: string }): Promise<string> {
    const scoped = ctx.scope(tenant);
    return scoped.serviceClient(Reports).make(1, rpc.opts({ limitKey: plan }));
  }
}

/** At most so many invocations of a pattern at the same time: `scope`, `scope/key` or `scope/key/key`; `*` is any. */
export async function limit(adminUrl: string, pattern: string, concurrency: number): Promise<void> {
  const response = await fetch(`${adminUrl}/limits/rules`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([{ pattern, limits: { concurrency } }]),
  });
  if (!response.ok) throw new Error(await response.text());
}

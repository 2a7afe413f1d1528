// An object whose exclusive handler can be held up by the test, for what concerns locks and queues.

import {
  exclusive,
  object,
  shared,
  type ObjectContext,
  type ObjectSharedContext,
} from "@perdure/sdk";
import { pass } from "./gates.js";

let active = 0;

@object()
export class Desk {
  /** Serves one visitor after the other; tells at the gate how many are served at once. */
  @exclusive()
  async serve(ctx: ObjectContext, visitor: string): Promise<string[]> {
    await ctx.run("serve", async () => {
      active++;
      await pass(`${ctx.key}/${visitor}`, String(active));
      active--;
    });
    const served = [...((await ctx.get<string[]>("served")) ?? []), visitor];
    ctx.set("served", served);
    return served;
  }

  /** Keeps the desk while it waits. */
  @exclusive()
  async doze(ctx: ObjectContext, ms: number): Promise<void> {
    await pass(`${ctx.key}/dozing`);
    await ctx.sleep(ms);
    ctx.set("served", [...((await ctx.get<string[]>("served")) ?? []), "dozed"]);
  }

  @shared()
  async served(ctx: ObjectSharedContext): Promise<string[]> {
    return (await ctx.get<string[]>("served")) ?? [];
  }
}

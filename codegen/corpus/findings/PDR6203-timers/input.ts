import { setTimeout as wait } from "node:timers/promises";
import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Timers {
  @handler()
  async go(ctx: Context): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await wait(100);
    await ctx.sleep(100);
  }
}

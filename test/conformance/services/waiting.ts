// Handlers that wait to be completed from outside, and handlers whose journals are looked at.

import {
  exclusive,
  handler,
  object,
  service,
  type Context,
  type ObjectContext,
} from "@perdure/sdk";
import { AwakeableHolder } from "./awakeable-holder.js";

@object()
export class Waiting {
  @exclusive()
  async untilCompleted(ctx: ObjectContext): Promise<string> {
    const { id, promise } = ctx.awakeable<string>();
    await ctx.objectClient(AwakeableHolder, ctx.key).hold(id);
    return promise;
  }
}

@service()
export class Sleeper {
  @handler()
  async sleeps(ctx: Context): Promise<string> {
    await ctx.sleep(10);
    return "slept";
  }
}

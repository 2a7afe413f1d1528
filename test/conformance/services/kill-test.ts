// A tree of calls over objects, each of which holds its lock.

import { exclusive, object, type ObjectContext } from "@perdure/sdk";
import { AwakeableHolder } from "./awakeable-holder.js";

@object()
export class KillTestSingleton {
  /** Calls its child, the key with a dot more; after three levels itself, whose lock it has. */
  @exclusive()
  async recursiveCall(ctx: ObjectContext): Promise<void> {
    const { id, promise } = ctx.awakeable<string>();
    await ctx.objectClient(AwakeableHolder, ctx.key).hold(id);
    await promise;
    const child = ctx.key.endsWith("..") ? ctx.key : `${ctx.key}.`;
    await ctx.objectClient(KillTestSingleton, child).recursiveCall();
  }

  @exclusive()
  async isUnlocked(_ctx: ObjectContext): Promise<void> {}
}

@object()
export class KillTestRunner {
  @exclusive()
  async startCallTree(ctx: ObjectContext): Promise<void> {
    await ctx.objectClient(KillTestSingleton, ctx.key).recursiveCall();
  }
}

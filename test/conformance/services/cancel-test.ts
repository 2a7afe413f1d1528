// A call that blocks on a call, a sleep or an awakeable, and what its caller sees when it is cancelled.

import { handlers, object, TerminalError, type ObjectContext } from "@perdure/sdk";
import { AwakeableHolder } from "./awakeable-holder.js";

type BlockingOperation = "CALL" | "SLEEP" | "AWAKEABLE";
const foreverMs = 1_000 * 24 * 60 * 60 * 1_000;

export const blocking = object({
  name: "CancelTestBlockingService",
  handlers: {
    block: handlers.object.exclusive(
      async (ctx: ObjectContext, operation: BlockingOperation): Promise<void> => {
        const { id, promise } = ctx.awakeable<string>();
        await ctx.objectClient(AwakeableHolder, ctx.key).hold(id);
        await promise;
        switch (operation) {
          case "CALL":
            // Waits for the lock that it has itself.
            await ctx.genericCall({
              service: "CancelTestBlockingService",
              method: "block",
              key: ctx.key,
              parameter: new TextEncoder().encode(JSON.stringify(operation)),
            });
            break;
          case "SLEEP":
            await ctx.sleep(foreverMs);
            break;
          case "AWAKEABLE":
            await ctx.awakeable().promise;
            break;
        }
      },
    ),
    isUnlocked: async (_ctx: ObjectContext) => {},
  },
});

export const runner = object({
  name: "CancelTestRunner",
  handlers: {
    startTest: async (ctx: ObjectContext<{ cancelled: boolean }>, operation: BlockingOperation) => {
      try {
        await ctx.objectClient(blocking, ctx.key).block(operation);
      } catch (error) {
        if (!(error instanceof TerminalError) || error.code !== 409) throw error;
        ctx.set("cancelled", true);
      }
    },
    verifyTest: async (ctx: ObjectContext<{ cancelled: boolean }>) =>
      (await ctx.get("cancelled")) ?? false,
  },
});

// How much memory the process of services has in use, once what is garbage is collected.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { handlers, object, service, type Context, type ObjectContext } from "@perdure/sdk";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Told when an invocation's own garbage is collected. */
let collected = 0;
const registry = new FinalizationRegistry<undefined>(() => collected++);

export const memory = service({
  name: "Memory",
  handlers: {
    /** Every kind of thing that an attempt can hold on to. */
    work: async (ctx: Context, text: string) => {
      registry.register(ctx.request(), undefined);
      const stepped = await ctx.run("step", () => text.toUpperCase());
      await ctx.sleep(1);
      const { promise } = ctx.awakeable<string>();
      const timedOut = promise.orTimeout(1).map((value, failure) => failure?.message ?? value);
      return `${stepped} ${String(await timedOut)}`;
    },
    /** Bytes of the heap, and how many requests were collected. */
    heap: async (_ctx: Context) => {
      for (let at = 0; at < 3; at++) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return { bytes: process.memoryUsage().heapUsed, collected };
    },
  },
});

export const memoryObject = object({
  name: "MemoryObject",
  handlers: {
    work: handlers.object.exclusive(async (ctx: ObjectContext, text: string) => {
      registry.register(ctx.request(), undefined);
      ctx.set("text", text);
      const length = (await ctx.get<string>("text"))?.length;
      ctx.clearAll();
      return length;
    }),
  },
});

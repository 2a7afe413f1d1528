// Large inputs, states and results of steps, for the limits of memory.

import { object, service, type Context, type ObjectContext } from "@perdure/sdk";

export const large = service({
  name: "Large",
  handlers: {
    length: async (ctx: Context, text: string) => {
      await ctx.sleep(20);
      return text.length;
    },
    step: async (ctx: Context, length: number) => {
      const text = await ctx.run("large", () => "x".repeat(length));
      await ctx.sleep(10);
      return text.length;
    },
  },
});

export const largeObject = object({
  name: "LargeObject",
  handlers: {
    fill: async (ctx: ObjectContext<{ text: string }>, length: number) => {
      ctx.set("text", "x".repeat(length));
    },
    length: async (ctx: ObjectContext<{ text: string }>) => {
      await ctx.sleep(20);
      return ((await ctx.get("text")) ?? "").length;
    },
  },
});

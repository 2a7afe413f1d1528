// Handlers whose values are as large as they are told.

import * as perdure from "@perdure/sdk";
import type { Context, ObjectContext } from "@perdure/sdk";

const textOf = (length: number): string =>
  "0123456789abcdef".repeat(Math.ceil(length / 16)).slice(0, length);

export const large = perdure.service({
  name: "Large",
  handlers: {
    length: async (_: Context, text: string) => text.length,
    text: async (_: Context, length: number) => textOf(length),
    step: async (ctx: Context, length: number) => {
      const text = await ctx.run("large", () => textOf(length));
      return [text.length, text === textOf(length)];
    },
    /** A journal that is large because it is long. */
    steps: async (ctx: Context, { count, length }: { count: number; length: number }) => {
      let sum = 0;
      for (let at = 0; at < count; at++)
        sum += (await ctx.run(`s${at}`, () => textOf(length))).length;
      await ctx.sleep(1_000);
      return sum;
    },
    echo: async (_: Context, value: unknown) => value,
  },
});

export const largeObject = perdure.object({
  name: "LargeObject",
  handlers: {
    set: async (ctx: ObjectContext, length: number) => {
      ctx.set("text", textOf(length));
    },
    get: async (ctx: ObjectContext) => ((await ctx.get<string>("text")) ?? "").length,
  },
});

// One service under a name that the environment gives, so that several deployments can be told apart.

import { service, type Context } from "@perdure/sdk";
import { effect } from "./effects.js";
import { pass } from "./gates.js";

export const lane = service({
  name: `Lane${process.env["PERDURE_TEST_LANE"] ?? ""}`,
  handlers: {
    /** Two steps; between them it may be held up. */
    held: async (ctx: Context, id: string) => {
      const first = await ctx.run("first", () => effect(id, "first"));
      const second = await ctx.run("second", async () => {
        const value = effect(id, "second", first);
        await pass(id);
        return value;
      });
      return [first, second];
    },
    steps: async (ctx: Context, id: string) => {
      const first = await ctx.run("first", () => effect(id, "first"));
      return [first, await ctx.run("second", () => effect(id, "second", first))];
    },
  },
});

// Handlers that say which process runs them.

import { service, type Context, type InvocationId } from "@perdure/sdk";
import { pass } from "./gates.js";

export const instances = service({
  name: "Instances",
  handlers: {
    who: async (_: Context) => process.pid,
    /** Says where it is at a gate, and goes on when it may. */
    held: async (ctx: Context, gate: string) => {
      await ctx.run("held", () => pass(gate, String(process.pid)));
      return process.pid;
    },
    /** Says where it is, and waits for a signal. */
    waits: async (ctx: Context) => {
      await pass("waits", String(process.pid));
      await ctx.signal("go");
      return process.pid;
    },
    go: async (ctx: Context, id: InvocationId) => {
      ctx.invocation(id).signal("go").resolve();
    },
  },
});

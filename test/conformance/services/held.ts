// A step that the test holds up; it tells at the gate how many are held at once.

import { service, type Context } from "@perdure/sdk";
import { pass } from "../../services/gates.js";

const active = new Map<string, number>();

export const held = service({
  name: "Held",
  handlers: {
    hold: async (ctx: Context, { group, gate }: { group: string; gate: string }) =>
      ctx.run("hold", async () => {
        const now = (active.get(group) ?? 0) + 1;
        active.set(group, now);
        await pass(gate);
        await pass(`${group}/active`, String(now));
        active.set(group, (active.get(group) ?? 0) - 1);
        return gate;
      }),
  },
});

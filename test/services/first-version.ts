// A handler as it was when its invocations began; second-version.ts is what became of it.

import {
  handler,
  object,
  exclusive,
  service,
  type Context,
  type ObjectContext,
} from "@perdure/sdk";
import { pass } from "./gates.js";

@service({ name: "Order", retryPolicy: { initialInterval: 20, maxInterval: 100 } })
export class Order {
  @handler()
  async place(ctx: Context, id: string): Promise<string> {
    const paid = await ctx.run("take payment", () => "paid");
    const shipped = await ctx.run("ship", async () => {
      await pass(`${id}/ship`);
      return "shipped";
    });
    return `${paid} and ${shipped}`;
  }

  /** Its mismatch ends it. */
  @handler({ onJournalMismatchErrors: "fail" })
  async strict(ctx: Context, id: string): Promise<string> {
    await ctx.run("first", () => 1);
    await ctx.run("hold", () => pass(`${id}/hold`));
    return "as it was";
  }
}

@object({ name: "Shelf" })
export class Shelf {
  @exclusive()
  async put(ctx: ObjectContext, thing: string): Promise<void> {
    ctx.set("thing", thing);
  }
}

// first-version.ts after a change that its running invocations can't follow.

import { handler, service, type Context } from "@perdure/sdk";

@service({ name: "Order", retryPolicy: { initialInterval: 20, maxInterval: 100 } })
export class Order {
  @handler()
  async place(ctx: Context, _id: string): Promise<string> {
    await ctx.run("check stock", () => "in stock");
    return "checked";
  }

  @handler({ onJournalMismatchErrors: "fail" })
  async strict(ctx: Context, _id: string): Promise<string> {
    await ctx.sleep(1);
    return "changed";
  }
}

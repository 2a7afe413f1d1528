// A handler that ends the process it runs in, and one that would get on if it were let.

import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Crashing {
  @handler({ retryPolicy: { initialInterval: 5, maxAttempts: 2, onMaxAttempts: "pause" } })
  async crash(_: Context): Promise<never> {
    process.exit(1);
  }

  @handler()
  async work(ctx: Context): Promise<string> {
    return ctx.run("work", async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return "done";
    });
  }
}

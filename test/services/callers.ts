// Handlers that ask for what the server has to refuse, or can't do yet.

import {
  object,
  exclusive,
  handler,
  service,
  type Context,
  type Definition,
  type ObjectContext,
} from "@perdure/sdk";

type Late = Definition<"service", "Versioned", { version(ctx: Context): Promise<string> }>;
const late: Late = { name: "Versioned" };

@service({ retryPolicy: { initialInterval: 20, maxInterval: 200 } })
export class Callers {
  /** Calls what may not be registered yet. */
  @handler()
  async callLate(ctx: Context): Promise<string> {
    return ctx.serviceClient(late).version();
  }
}

@object({ retryPolicy: { initialInterval: 5, maxAttempts: 2, onMaxAttempts: "kill" } })
export class Hoarder {
  @exclusive()
  async keep(ctx: ObjectContext, key: string): Promise<void> {
    ctx.set(key, "kept");
  }
}

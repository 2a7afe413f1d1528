// A service that says which process answers: for what happens when several deployments offer it.

import { handler, service, type Context } from "@perdure/sdk";
import { pass } from "./gates.js";

const version = process.env["PERDURE_TEST_VERSION"] ?? "none";

@service({ retryPolicy: { initialInterval: 20, maxInterval: 100 } })
export class Versioned {
  @handler()
  async version(): Promise<string> {
    return version;
  }

  /** Which process took the first step, and which the last. */
  @handler()
  async throughout(ctx: Context, gate: string): Promise<string[]> {
    const first = await ctx.run("first", () => version);
    await ctx.run("hold", () => pass(gate));
    return [first, version];
  }
}

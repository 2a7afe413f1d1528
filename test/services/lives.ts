// Invocations that stay in one state of their life until someone does something to them.

import {
  exclusive,
  handler,
  object,
  run,
  service,
  workflow,
  type Context,
  type ObjectContext,
  type WorkflowContext,
} from "@perdure/sdk";
import { pass } from "./gates.js";

const aDayMs = 24 * 60 * 60 * 1_000;
const failedOnce = new Set<string>();

/** Fails the first time that this process is asked, outside of any step. */
async function failFirst(id: string): Promise<void> {
  await pass(id);
  if (failedOnce.has(id)) return;
  failedOnce.add(id);
  throw new Error(`${id} fails for the first time`);
}

@object()
export class Lives {
  /** Runs until the test lets it pass. */
  @exclusive()
  async holds(ctx: ObjectContext): Promise<string> {
    return ctx.run("hold", async () => {
      await pass(ctx.key);
      return "passed";
    });
  }

  @exclusive({ inactivityTimeout: 0 })
  async suspends(ctx: ObjectContext): Promise<void> {
    await ctx.run("before", () => pass(ctx.key));
    await ctx.sleep(aDayMs);
  }

  @exclusive({ retryPolicy: { initialInterval: aDayMs, maxInterval: aDayMs } })
  async backsOff(ctx: ObjectContext): Promise<void> {
    await failFirst(ctx.key);
    await ctx.sleep(aDayMs);
  }

  @exclusive({ retryPolicy: { maxAttempts: 1, onMaxAttempts: "pause" } })
  async pauses(ctx: ObjectContext): Promise<void> {
    await failFirst(ctx.key);
    await ctx.sleep(aDayMs);
  }

  @exclusive()
  async completes(ctx: ObjectContext, value: string): Promise<string> {
    await pass(ctx.key);
    const first = await ctx.run("first", () => `${value} first`);
    return ctx.run("second", () => `${first} second`);
  }
}

/** Waits for what it calls. */
@service()
export class Parent {
  @handler()
  async calls(ctx: Context, key: string): Promise<string> {
    return ctx.objectClient(Lives, key).holds();
  }

  @handler()
  async sends(ctx: Context, key: string): Promise<string> {
    ctx.objectSendClient(Lives, key).holds();
    return ctx.objectClient(Lives, `${key}-called`).holds();
  }
}

@workflow()
export class Once {
  @run()
  async run(ctx: WorkflowContext): Promise<string> {
    return ctx.key;
  }
}

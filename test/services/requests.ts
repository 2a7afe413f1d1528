// A workflow whose request is still under way when something comes for it.

import {
  run,
  shared,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { pass } from "./gates.js";

@workflow({ retryPolicy: { initialInterval: 20 } })
export class Requested {
  /** Waits, outside of what is durable, at the gate of its key; then for the promise. */
  @run()
  async run(ctx: WorkflowContext): Promise<string> {
    const told = ctx.promise<string>("told");
    const before = told.get();
    await ctx.run("one", () => 1);
    const { attemptCompletedSignal: over } = ctx.request();
    over.addEventListener("abort", () => void pass(`${ctx.key}/over`));
    await pass(ctx.key);
    return before;
  }

  @shared()
  async tell(ctx: WorkflowSharedContext, text: string): Promise<void> {
    await ctx.promise<string>("told").resolve(text);
  }
}

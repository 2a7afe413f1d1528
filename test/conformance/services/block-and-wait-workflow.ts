// A workflow that waits for a promise, and shows its state meanwhile.

import {
  run,
  shared,
  TerminalError,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";

interface State {
  input: string;
}

@workflow()
export class BlockAndWaitWorkflow {
  @run()
  async run(ctx: WorkflowContext<State>, input: string): Promise<string> {
    ctx.set("input", input);
    const output = await ctx.promise<string>("output");
    const peeked = await ctx.promise<string>("output").peek();
    if (peeked !== output) throw new TerminalError("the promise has two values");
    return output;
  }

  @shared()
  async unblock(ctx: WorkflowSharedContext<State>, output: string): Promise<void> {
    await ctx.promise<string>("output").resolve(output);
  }

  @shared()
  async getState(ctx: WorkflowSharedContext<State>): Promise<string | null> {
    return ctx.get("input");
  }
}

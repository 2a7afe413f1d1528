import { run, workflow, type WorkflowContext } from "@perdure/sdk";

@workflow()
export class Cleanup {
  @run()
  async run(ctx: WorkflowContext): Promise<void> {
    await ctx.sleep({ days: 30 });
  }
}

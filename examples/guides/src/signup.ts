// A workflow: runs once for each key, and can be talked to while it runs.

import { DurablePromise, run, shared, workflow } from "@perdure/sdk";
import type { WorkflowContext, WorkflowSharedContext } from "@perdure/sdk";

export interface User {
  readonly name: string;
  readonly email: string;
}

@workflow({ workflowRetention: { days: 7 } })
export class Signup {
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<"confirmed" | "expired"> {
    const secret = ctx.rand.uuidv4();
    ctx.set("stage", "waits for the click");
    await ctx.run("send the link", () => console.log(`mail to ${user.email}: ${secret}`));

    const outcome = await DurablePromise.race([
      ctx
        .promise<string>("clicked")
        .get()
        .map(() => "confirmed" as const),
      ctx.sleep({ days: 1 }).map(() => "expired" as const),
    ]);
    ctx.set("stage", outcome);
    return outcome;
  }

  @shared()
  async click(ctx: WorkflowSharedContext, secret: string): Promise<void> {
    await ctx.promise<string>("clicked").resolve(secret); // 409 if it was clicked before
  }

  @shared()
  async stage(ctx: WorkflowSharedContext): Promise<string> {
    return (await ctx.get<string>("stage")) ?? "not started";
  }
}

import { run, shared, workflow, type WorkflowContext, type WorkflowSharedContext } from "@perdure/sdk";

export interface User {
  name: string;
  email: string;
}

/** Signs people up. */
@workflow()
export class SignupWorkflow {
  /** Sends the mail, and waits for the click. */
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<boolean> {
    const secret = ctx.rand.uuidv4();
    await ctx.run("send mail", () => send(user.email, secret));
    return (await ctx.promise<string>("clicked")) === secret;
  }

  /** The link in the mail. */
  @shared()
  async verifyEmail(ctx: WorkflowSharedContext, secret: string): Promise<void> {
    await ctx.promise<string>("clicked").resolve(secret);
  }

  @shared()
  async stage(ctx: WorkflowSharedContext): Promise<string | null> {
    return ctx.get<string>("stage");
  }
}

async function send(_email: string, _secret: string): Promise<void> {}

// 4. A workflow can wait for someone outside: here, for a click on the link in a mail.
//
// `ctx.promise(name)` is durable: it waits for seconds or for months, costs nothing meanwhile, and survives
// whatever crashes. Any handler of the workflow can resolve it.

import {
  run,
  shared,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { sendVerificationEmail, type User } from "./activities.js";

/** Signs a user up who answers a mail. The key is the user's id. */
@workflow()
export class SignupWithSignalsWorkflow {
  /** Not a success: the mail was answered with another secret. */
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<{ success: boolean }> {
    const userId = ctx.key;

    // The same on every replay, unlike crypto.randomUUID().
    const secret = ctx.rand.uuidv4();
    await ctx.run("verify", () =>
      sendVerificationEmail(userId, user.email, {
        service: "SignupWithSignalsWorkflow",
        key: userId,
        handler: "verifyEmail",
        input: { secret },
      }),
    );

    const clickedSecret = await ctx.promise<string>("email-verified");
    return { success: clickedSecret === secret };
  }

  /** Answers the mail, with the secret in it. */
  @shared()
  async verifyEmail(ctx: WorkflowSharedContext, { secret }: { secret: string }): Promise<void> {
    await ctx.promise<string>("email-verified").resolve(secret);
  }
}

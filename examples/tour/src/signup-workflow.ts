// 1. A workflow is a class. It runs once for each key: here, the id of the user who signs up.
//
// Each `ctx.run` is a step: it runs, its result is recorded, and it is never run again. When this process
// dies in the middle, the workflow goes on after the last recorded step, here or in another process.
//
// Alice's welcome mail fails. A step that fails is tried again, with longer and longer pauses, until it
// works: stop the services, start them with TOUR_FIXED=1, and Alice's sign-up completes.

import { run, workflow, type WorkflowContext } from "@perdure/sdk";
import { activateUser, createUser, sendWelcomeEmail, type User } from "./activities.js";

/** Signs a user up: the account, then a welcome mail. The key is the user's id. */
@workflow()
export class SignupWorkflow {
  /** Not a success: the user has no name. */
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<{ success: boolean }> {
    const userId = ctx.key;

    const created = await ctx.run("create", () => createUser(userId, user));
    if (!created) return { success: false };

    await ctx.run("activate", () => activateUser(userId));
    await ctx.run("welcome", () => sendWelcomeEmail(userId, user));
    return { success: true };
  }
}

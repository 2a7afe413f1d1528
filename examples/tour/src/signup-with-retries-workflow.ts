// 7. A step can say how often it is worth trying. The pauses: 1 s, then twice as long each time.
//
// Attempts are counted in the journal, not in memory: a crash does not start the count again. When they
// are used up the step fails with a TerminalError, which is caught like any error.

import { run, workflow, type WorkflowContext } from "@perdure/sdk";
import { activateUser, createUser, sendWelcomeEmail, type User } from "./activities.js";
import { settings } from "./settings.js";

/** Signs a user up, with or without a welcome mail. The key is the user's id. */
@workflow()
export class SignupWithRetriesWorkflow {
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<{ success: boolean }> {
    const userId = ctx.key;

    const created = await ctx.run("create", () => createUser(userId, user));
    if (!created) return { success: false };

    await ctx.run("activate", () => activateUser(userId));

    try {
      await ctx.run("welcome", () => sendWelcomeEmail(userId, user, "lasting"), {
        maxRetryAttempts: 3,
        initialRetryInterval: settings.firstRetryInterval,
      });
    } catch (error) {
      // A sign-up is complete without its welcome mail.
      ctx.console.log(`[${userId}] goes on without a welcome mail: ${String(error)}`);
    }
    return { success: true };
  }
}

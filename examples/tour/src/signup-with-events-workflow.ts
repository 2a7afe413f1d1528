// 5. Others can wait for a point that a workflow reaches, instead of for its end.
//
// Signals the other way round: `run` resolves the promise, a handler waits for it. Whoever asks early
// waits, whoever asks late gets the answer at once.

import {
  run,
  shared,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { activateUser, createUser, sendWelcomeEmail, type User } from "./activities.js";

/** Signs a user up, and tells who asks when the user is there. The key is the user's id. */
@workflow()
export class SignupWithEventsWorkflow {
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<{ success: boolean }> {
    const userId = ctx.key;

    const created = await ctx.run("create", () => createUser(userId, user));
    if (!created) {
      await ctx.promise<string>("user-created").reject("Creation failed.");
      return { success: false };
    }
    await ctx.promise<string>("user-created").resolve("User created.");

    await ctx.run("activate", () => activateUser(userId));
    await ctx.run("welcome", () => sendWelcomeEmail(userId, user));
    return { success: true };
  }

  /** Waits until the user was created. */
  @shared()
  async waitForUserCreation(ctx: WorkflowSharedContext): Promise<string> {
    return ctx.promise<string>("user-created");
  }
}

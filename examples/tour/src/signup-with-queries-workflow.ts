// 3. A workflow can be asked how far it is, while it runs and after it has ended.
//
// `run` writes the workflow's state; it is recorded together with its steps. Shared handlers read it.

import {
  run,
  shared,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { activateUser, createUser, sendWelcomeEmail, type User } from "./activities.js";

type State = {
  user: User;
  status: "created" | "activated" | "welcomed" | "failed";
};

/** Signs a user up, and says how far it is. The key is the user's id. */
@workflow()
export class SignupWithQueriesWorkflow {
  @run()
  async run(ctx: WorkflowContext<State>, user: User): Promise<{ success: boolean }> {
    const userId = ctx.key;
    ctx.set("user", user);

    const created = await ctx.run("create", () => createUser(userId, user));
    if (!created) {
      ctx.set("status", "failed");
      return { success: false };
    }
    ctx.set("status", "created");

    await ctx.run("activate", () => activateUser(userId));
    ctx.set("status", "activated");

    await ctx.run("welcome", () => sendWelcomeEmail(userId, user));
    ctx.set("status", "welcomed");
    return { success: true };
  }

  /** How far the sign-up is. Null where nothing was written yet. */
  @shared()
  async getStatus(
    ctx: WorkflowSharedContext<State>,
  ): Promise<{ status: State["status"] | null; user: User | null }> {
    return { status: await ctx.get("status"), user: await ctx.get("user") };
  }
}

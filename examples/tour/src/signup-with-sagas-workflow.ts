// 8. When a step fails for good, what was done before is undone, in reverse: a saga.
//
// A TerminalError is not tried again: it ends the step, and what is thrown is caught. The compensations
// are steps too, so they happen for sure: a crash in the middle of the clean-up goes on with the rest.

import { isTerminalError, run, workflow, type WorkflowContext } from "@perdure/sdk";
import {
  activateUser,
  cancelSubscription,
  createUser,
  deactivateUser,
  deleteUser,
  subscribeToPaidPlan,
  type User,
} from "./activities.js";

/** Signs a user up for the paid plan, or leaves nothing behind. The key is the user's id. */
@workflow()
export class SignupWithSagasWorkflow {
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<{ success: boolean }> {
    const userId = ctx.key;
    const compensations: { name: string; undo: () => void }[] = [];

    try {
      // Each is added before its step, which may have had its effect when it fails.
      compensations.push({ name: "delete", undo: () => deleteUser(userId) });
      await ctx.run("create", () => createUser(userId, user));

      compensations.push({ name: "deactivate", undo: () => deactivateUser(userId) });
      await ctx.run("activate", () => activateUser(userId));

      compensations.push({ name: "unsubscribe", undo: () => cancelSubscription(userId) });
      await ctx.run("subscribe", () => subscribeToPaidPlan(userId, user));
    } catch (error) {
      if (!isTerminalError(error)) throw error;
      for (const { name, undo } of compensations.reverse()) await ctx.run(name, undo);
      return { success: false };
    }
    return { success: true };
  }
}

// 2. Steps of a workflow can be steps of its own (`ctx.run`) or calls to other services.
//
// A call is durable too: it is made once, however often either side crashes, and its result is recorded.
// `UserService` may run in another process, on another machine, in another deployment.

import { run, workflow, type WorkflowContext } from "@perdure/sdk";
import { sendWelcomeEmail, type User } from "./activities.js";
import { UserService } from "./user-service.js";

/** Signs a user up with the help of UserService. The key is the user's id. */
@workflow()
export class SignupWithActivitiesWorkflow {
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<{ success: boolean }> {
    const userId = ctx.key;
    const users = ctx.serviceClient(UserService);

    const created = await users.createUser({ userId, user });
    if (!created) return { success: false };

    await users.activateUser({ userId });
    await ctx.run("welcome", () => sendWelcomeEmail(userId, user));
    return { success: true };
  }
}

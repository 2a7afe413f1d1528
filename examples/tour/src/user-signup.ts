// Beside the nine: a click that has to come in time. `.orTimeout` works on everything that is awaited.

import {
  run,
  shared,
  TimeoutError,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { createUser, deleteUser, sendVerificationEmail, type User } from "./activities.js";
import { settings } from "./settings.js";

/** Signs a user up who clicks the link in a mail in time. The key is the user's id. */
@workflow({ name: "user-signup" })
export class UserSignup {
  /** @returns whether the secret was the right one, and came in time */
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<boolean> {
    const userId = ctx.key;
    await ctx.run("create", () => createUser(userId, user));

    const secret = ctx.rand.uuidv4();
    const link = { service: "user-signup", key: userId, handler: "click", input: { secret } };
    await ctx.run("verify", () => sendVerificationEmail(userId, user.email, link));

    try {
      const clicked = ctx.promise<string>("link-clicked").get();
      return (await clicked.orTimeout(settings.verificationTimeout)) === secret;
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      await ctx.run("delete", () => deleteUser(userId));
      return false;
    }
  }

  /** The link in the mail, with its secret. */
  @shared()
  async click(ctx: WorkflowSharedContext, { secret }: { secret: string }): Promise<void> {
    await ctx.promise<string>("link-clicked").resolve(secret);
  }
}

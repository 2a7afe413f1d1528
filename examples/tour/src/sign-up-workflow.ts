// Beside the nine: a promise can be rejected too, and a workflow can fail.
//
// A TerminalError that `run` does not catch is the workflow's result: callers get it as an error.

import {
  run,
  shared,
  TerminalError,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { createUser, sendVerificationEmail, type User } from "./activities.js";

type State = {
  stage: "Creating User" | "Email Verification" | "Verification failed" | "User verified";
};

/** Signs a user up whose mail is approved. The key is the user's id. */
@workflow({ name: "sign-up-workflow" })
export class SignUpWorkflow {
  /** @throws TerminalError  a wrong secret, or the mail was rejected */
  @run()
  async run(ctx: WorkflowContext<State>, user: User): Promise<boolean> {
    const userId = ctx.key;
    ctx.set("stage", "Creating User");
    await ctx.run("create", () => createUser(userId, user));

    ctx.set("stage", "Email Verification");
    const secret = ctx.rand.uuidv4();
    const link = {
      service: "sign-up-workflow",
      key: userId,
      handler: "approveEmail",
      input: secret,
    };
    await ctx.run("verify", () => sendVerificationEmail(userId, user.email, link));

    try {
      const clickedSecret = await ctx.promise<string>("email-link");
      if (clickedSecret !== secret) throw new TerminalError("Wrong secret from email link");
    } catch (error) {
      ctx.set("stage", "Verification failed");
      throw error;
    }
    ctx.set("stage", "User verified");
    return true;
  }

  /** Null where it has not begun. */
  @shared()
  async getStage(ctx: WorkflowSharedContext<State>): Promise<State["stage"] | null> {
    return ctx.get("stage");
  }

  /** Approves the mail, with the secret in it. */
  @shared()
  async approveEmail(ctx: WorkflowSharedContext<State>, secret: string): Promise<void> {
    await ctx.promise<string>("email-link").resolve(secret);
  }

  /** Rejects the mail: the sign-up fails. */
  @shared()
  async rejectEmail(ctx: WorkflowSharedContext<State>): Promise<void> {
    await ctx.promise<string>("email-link").reject("The user rejected the email");
  }
}

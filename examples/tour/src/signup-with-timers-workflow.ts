// 6. Timers are durable: a reminder every 15 seconds until the mail is answered, and an end after one day.
//
// `DurablePromise.race` settles as recorded: the same one wins on every replay. `Promise.race` does not,
// so it has no place in a workflow.

import {
  DurablePromise,
  run,
  shared,
  TerminalError,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { sendReminderEmail, sendVerificationEmail, type User } from "./activities.js";
import { settings } from "./settings.js";

/** Signs a user up who answers a mail, and sends reminders until then. The key is the user's id. */
@workflow()
export class SignupWithTimersWorkflow {
  /** Fails where the mail is not answered within a day. */
  @run()
  async run(ctx: WorkflowContext, user: User): Promise<{ success: boolean }> {
    const userId = ctx.key;
    const secret = ctx.rand.uuidv4();
    const link = {
      service: "SignupWithTimersWorkflow",
      key: userId,
      handler: "verifyEmail",
      input: { secret },
    };
    await ctx.run("verify", () => sendVerificationEmail(userId, user.email, link));

    const clicked = ctx.promise<string>("email-verified").get();
    const timeout = ctx.sleep(settings.verificationTimeout);

    while (true) {
      const reminder = ctx.sleep(settings.reminderInterval);

      const first = await DurablePromise.race([
        clicked.map(() => "clicked" as const),
        reminder.map(() => "remind" as const),
        timeout.map(() => "give up" as const),
      ]);

      switch (first) {
        case "clicked":
          return { success: (await clicked) === secret };
        case "remind":
          await ctx.run("remind", () => sendReminderEmail(userId, user.email, link));
          break;
        case "give up":
          throw new TerminalError("Email verification timed out");
      }
    }
  }

  /** Answers the mail, with the secret in it. */
  @shared()
  async verifyEmail(ctx: WorkflowSharedContext, { secret }: { secret: string }): Promise<void> {
    await ctx.promise<string>("email-verified").resolve(secret);
  }
}

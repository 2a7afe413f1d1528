// 9. All of it in one small workflow: a secret, a mail, a status to ask for, a click to wait for.
//
// The name that callers use is given here; without it, it is the name of the class.

import {
  run,
  shared,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { sendVerificationEmail } from "./activities.js";

type State = { status: "Generated secret" | "Sent email" | "Clicked email" };

/** Signs someone up who clicks the link in a mail. The key is the user's id. */
@workflow({ name: "signup" })
export class Signup {
  /** @returns whether the secret was the right one */
  @run()
  async run(ctx: WorkflowContext<State>, { email }: { email: string }): Promise<boolean> {
    const secret = ctx.rand.uuidv4();
    ctx.set("status", "Generated secret");

    const link = { service: "signup", key: ctx.key, handler: "click", input: secret };
    await ctx.run("send email", () => sendVerificationEmail(link.key, email, link));
    ctx.set("status", "Sent email");

    const clickedSecret = await ctx.promise<string>("email.clicked");
    ctx.set("status", "Clicked email");
    return clickedSecret === secret;
  }

  /** The link in the mail, with its secret. */
  @shared()
  async click(ctx: WorkflowSharedContext<State>, secret: string): Promise<void> {
    await ctx.promise<string>("email.clicked").resolve(secret);
  }

  /** Null where it has not begun. */
  @shared()
  async getStatus(ctx: WorkflowSharedContext<State>): Promise<State["status"] | null> {
    return ctx.get("status");
  }
}

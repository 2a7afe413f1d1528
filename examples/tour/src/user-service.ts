// A plain service: handlers without a key. Workflows call it; so can anyone else.

import { handler, service, type Context } from "@perdure/sdk";
import { activateUser, createUser, type User } from "./activities.js";

/** The accounts of users. */
@service()
export class UserService {
  /** @returns false  the user has no name */
  @handler()
  async createUser(
    ctx: Context,
    { userId, user }: { userId: string; user: User },
  ): Promise<boolean> {
    return ctx.run("create", () => createUser(userId, user));
  }

  @handler()
  async activateUser(ctx: Context, { userId }: { userId: string }): Promise<void> {
    await ctx.run("activate", () => activateUser(userId));
  }
}

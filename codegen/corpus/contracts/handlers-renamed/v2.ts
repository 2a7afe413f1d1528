import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Users {
  /** @renamedFrom create */
  @handler()
  async register(_: Context, user: { mail: string; name: string; phone?: string }): Promise<void> {
    void user;
  }
}

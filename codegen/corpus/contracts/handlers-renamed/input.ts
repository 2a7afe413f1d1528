import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Users {
  @handler()
  async create(_: Context, user: { name: string; mail: string }): Promise<void> {
    void user;
  }
}

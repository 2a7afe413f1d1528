import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Users {
  @handler()
  async put(_: Context, value: string): Promise<string> {
    return value;
  }
}

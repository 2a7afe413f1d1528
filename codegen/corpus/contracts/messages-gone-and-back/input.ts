import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  a: string;
  b: string;
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }
}

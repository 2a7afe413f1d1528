import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  tags?: string[];
  friends: string[];
  settings: Record<string, string> | null;
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  first: boolean;
  name: string;
  middle?: string;
  email: string;
  last: Date;
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }
}

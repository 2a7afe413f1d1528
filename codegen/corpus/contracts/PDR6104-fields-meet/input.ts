import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  userId: string;
  userID: string;
}

export interface Step {
  a1: string;
  a_1: string;
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }

  @handler()
  async step(_: Context, value: Step): Promise<Step> {
    return value;
  }
}

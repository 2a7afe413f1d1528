import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
  address: Address;
  plan: Plan;
}

export interface Address {
  zip: string;
  city: string;
}

export enum Plan {
  Free = "free",
  Pro = "pro",
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }

  @handler()
  async list(_: Context, value: User[][]): Promise<User[][]> {
    return value;
  }
}

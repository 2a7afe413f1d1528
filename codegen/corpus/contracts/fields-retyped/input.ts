import { handler, service, type Context } from "@perdure/sdk";

export interface Address {
  city: string;
}

export interface User {
  number: number;
  text: string;
  one: string;
  list: string[];
  address: Address;
  map: Record<string, string>;
  optional: string;
  nullable: string;
  count: number;
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }
}

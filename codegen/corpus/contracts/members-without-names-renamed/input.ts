import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  address: { zip: string; city: { name: string; country: string } };
  plan: "free" | "pro";
  tags: { text: string; at: Date }[];
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }
}

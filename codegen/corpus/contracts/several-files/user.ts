import { handler, service, type Context } from "@perdure/sdk";

interface User {
  name: string;
}

export type { User };
export default User;

@service()
export class Directory {
  @handler()
  async find(_: Context, name: string): Promise<User | null> {
    return { name };
  }
}

import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  /** @renamedFrom nick */
  nickname: string;
  id: string;
  /**
   * Where letters go.
   * @renamedFrom mail
   */
  emailAddress: string;
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";

export interface Place {
  city: string;
}

export interface User {
  number: string;
  text: Date;
  one: string[];
  list: number[];
  address: Place;
  map: Record<string, number>;
  optional?: string;
  nullable: string | null;
  /** @protoType int32 */
  count: number;
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: User): Promise<User> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

export interface First {
  a: (User | null)[];
  b: string[][];
  c: Record<string, string[]>;
  d?: User[];
  e: (string | number)[][];
}

export interface Second {
  a: (User | null)[];
  b: Record<string, string[]>[];
  c: (string[] | null)[][];
  d?: User[] | null;
  e: string | number;
}

@service()
export class Wrappers {
  @handler()
  async first(_: Context, value: First): Promise<First> {
    return value;
  }

  @handler()
  async second(_: Context, value: Second): Promise<Second> {
    return value;
  }

  @handler()
  async optional(_: Context, value: (User[] | null)[]): Promise<(User[] | null)[]> {
    return value;
  }
}

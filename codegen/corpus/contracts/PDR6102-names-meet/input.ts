import { handler, service, type Context } from "@perdure/sdk";

export interface CounterAddRequest {
  a: string;
}

export interface Users {
  list: string[];
}

export interface StringList {
  own: string;
}

@service()
export class Counter {
  @handler()
  async add(_: Context, value: CounterAddRequest): Promise<Users> {
    return { list: [value.a] };
  }

  @handler()
  async lists(_: Context, value: StringList): Promise<string[][]> {
    return [[value.own]];
  }
}

@service({ name: "user-list" })
export class One {
  @handler()
  async go(_: Context): Promise<void> {}
}

@service({ name: "userList" })
export class Two {
  @handler()
  async doIt(_: Context): Promise<void> {}
  @handler()
  async "do-it"(_: Context): Promise<void> {}
}

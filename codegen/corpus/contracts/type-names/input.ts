import { handler, service, type Context } from "@perdure/sdk";

/** @protoName Customer */
export interface User {
  name: string;
  plan: plan;
  state: State;
}

type plan = "free" | "pro";

/** @protoName UserState */
enum State {
  New = "new",
}

export interface HTTPRequest {
  url_path: string;
}

interface snake_case_type {
  a: string;
}

interface $Dollar {
  b: string;
}

@service()
export class Typing {
  @handler()
  async user(_: Context, value: User): Promise<User> {
    return value;
  }

  @handler()
  async request(_: Context, value: HTTPRequest): Promise<HTTPRequest> {
    return value;
  }

  @handler()
  async snake(_: Context, value: snake_case_type): Promise<snake_case_type> {
    return value;
  }

  @handler()
  async dollar(_: Context, value: $Dollar): Promise<$Dollar> {
    return value;
  }
}

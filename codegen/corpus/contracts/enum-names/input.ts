import { handler, service, type Context } from "@perdure/sdk";

export type Odd = "" | "a-b" | "c d" | "unspecified" | "größe" | "2fa" | "$" | "日本" | "CamelCase" | "HTTPError";
export type Signed = -1 | 0 | 1 | 1.5 | 1e21;

export enum Status {
  NotFound = 404,
  OK = 200,
}

@service()
export class Odds {
  @handler()
  async put(_: Context, value: Odd): Promise<Odd> {
    return value;
  }

  @handler()
  async sign(_: Context, value: Signed): Promise<Signed> {
    return value;
  }

  @handler()
  async status(_: Context, value: Status): Promise<Status> {
    return value;
  }
}

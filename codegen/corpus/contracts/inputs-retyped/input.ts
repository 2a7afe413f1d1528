import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Users {
  @handler()
  async put(_: Context, value: string): Promise<string> {
    return value;
  }

  @handler()
  async many(_: Context, value: string): Promise<string> {
    return value;
  }

  @handler()
  async plan(_: Context, value: "a" | "b"): Promise<"a" | "b"> {
    return value;
  }
}

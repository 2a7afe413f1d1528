import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Users {
  @handler()
  async put(_: Context, value: number): Promise<number> {
    return value;
  }

  @handler()
  async many(_: Context, value: string[]): Promise<string[]> {
    return value;
  }

  @handler()
  async plan(_: Context, value: "b" | "c" | "a"): Promise<"b" | "c" | "a"> {
    return value;
  }
}

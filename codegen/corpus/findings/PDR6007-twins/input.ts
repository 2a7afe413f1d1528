import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Twin {
  @handler()
  async put(_: Context, value: string): Promise<string> {
    return value;
  }
}

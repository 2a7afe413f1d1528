import { handler, service, type Context } from "@perdure/sdk";

/** @jsonOnly */
@service()
export class Fully {
  @handler()
  async anything(_: Context, value: Map<string, string>): Promise<void> {
    void value;
  }
}

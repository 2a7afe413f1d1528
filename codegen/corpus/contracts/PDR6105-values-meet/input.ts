import { handler, service, type Context } from "@perdure/sdk";

export type Plan = "a-b" | "a_b" | "c";

@service()
export class Plans {
  @handler()
  async put(_: Context, value: Plan): Promise<Plan> {
    return value;
  }
}

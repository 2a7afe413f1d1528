import { handler, service, type Context } from "@perdure/sdk";

@service({ name: "Twin" })
export class Other {
  @handler()
  async go(_: Context): Promise<void> {}
}

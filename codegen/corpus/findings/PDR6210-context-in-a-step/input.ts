import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Steps {
  @handler()
  async go(ctx: Context): Promise<void> {
    await ctx.run("outer", async () => {
      await ctx.sleep(1);
      await ctx.run("inner", () => 1);
      return ctx.rand.uuidv4();
    });
  }
}

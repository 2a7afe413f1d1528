import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Catches {
  @handler()
  async go(ctx: Context): Promise<string> {
    try {
      await ctx.run("step", () => 1);
    } catch {}
    try {
      await ctx.sleep(1);
    } catch (error) {
      ctx.console.error(error);
    }
    try {
      await ctx.run("compensated", () => 1);
    } catch (error) {
      return String(error);
    }
    return "";
  }
}

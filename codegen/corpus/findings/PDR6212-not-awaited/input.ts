import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Unawaited {
  @handler()
  async go(ctx: Context, names: string[]): Promise<void> {
    ctx.run("lost", () => 1);
    ctx.sleep(5);
    report(ctx);
    names.forEach(async (name) => {
      await ctx.run(name, () => name);
    });
    const never = ctx.run("never", () => 1);
  }
}

async function report(ctx: Context): Promise<void> {
  await ctx.run("report", () => 1);
}

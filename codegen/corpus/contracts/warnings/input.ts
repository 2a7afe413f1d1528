import { handler, service, type Context } from "@perdure/sdk";

let calls = 0;

@service()
export class Warned {
  @handler()
  async go(ctx: Context): Promise<number> {
    calls += 1;
    try {
      await ctx.run("step", () => 1);
    } catch {}
    if (process.env["FAST"] === "1") return 0;
    // perdure-ignore PDR6201: it only goes into a line of text that nobody compares
    const now = Date.now();
    return calls + now;
  }
}

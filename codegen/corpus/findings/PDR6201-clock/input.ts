import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Clocks {
  @handler()
  async go(ctx: Context): Promise<number> {
    const start = Date.now();
    const at = new Date();
    const precise = performance.now();
    const fine = new Date("2026-01-01");
    await ctx.run("step", () => Date.now());
    return start + at.getTime() + precise + fine.getTime() + later();
  }
}

function later(): number {
  return Date.now() + 1;
}

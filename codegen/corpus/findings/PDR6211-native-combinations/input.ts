import { DurablePromise, handler, service, type Context } from "@perdure/sdk";

@service()
export class Combinations {
  @handler()
  async go(ctx: Context): Promise<void> {
    const first = ctx.run("a", () => 1);
    const second = ctx.run("b", () => 2);
    await Promise.race([first, second]);
    await Promise.any([first, second]);
    await Promise.all([first, second]);
    await DurablePromise.race([first, second]);
  }
}

// Sleeps that measure how late they end, and work to keep the server busy meanwhile.

import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Timing {
  /** Milliseconds between the moment when the sleep was due and the moment when the code went on. */
  @handler()
  async lateness(ctx: Context, ms: number): Promise<number> {
    const asked = performance.timeOrigin + performance.now();
    await ctx.sleep(ms);
    return performance.timeOrigin + performance.now() - (asked + ms);
  }

  /** When it ran, and how long after its time. */
  @handler()
  async now(): Promise<number> {
    return Date.now();
  }

  @handler()
  async work(ctx: Context): Promise<number> {
    let sum = 0;
    for (let step = 0; step < 3; step++) sum += await ctx.run(`step ${step}`, () => step);
    return sum;
  }

  /** A sleep that is there after a restart. */
  @handler({ inactivityTimeout: 0 })
  async nap(ctx: Context, ms: number): Promise<number> {
    await ctx.sleep(ms);
    return Date.now();
  }
}

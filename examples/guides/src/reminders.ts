// Timers: a sleep, a time limit, and work that comes again every day.

import { exclusive, handler, object, rpc, service, shared, TimeoutError } from "@perdure/sdk";
import type { Context, ObjectContext, ObjectSharedContext } from "@perdure/sdk";

@service()
export class Reminders {
  @handler()
  async remind(ctx: Context, text: string): Promise<string> {
    await ctx.sleep({ days: 30 }, "a month"); // durable; costs no memory meanwhile
    return text;
  }

  @handler()
  async ask(ctx: Context, question: string): Promise<string> {
    const { id, promise } = ctx.awakeable<string>();
    await ctx.run("ask", () => console.log(`${question} (answer to ${id})`));
    try {
      return await promise.orTimeout({ hours: 2 });
    } catch (error) {
      if (error instanceof TimeoutError) return "no answer";
      throw error;
    }
  }
}

/** Every day, until it is stopped: each run sends the next one, with a delay. */
@object()
export class Daily {
  @exclusive()
  async start(ctx: ObjectContext<{ runs: number; stopped: boolean }>): Promise<void> {
    if ((await ctx.get("stopped")) === true) return;
    ctx.set("runs", ((await ctx.get("runs")) ?? 0) + 1);
    ctx.objectSendClient(Daily, ctx.key).start(rpc.sendOpts({ delay: { days: 1 } }));
  }

  @exclusive()
  async stop(ctx: ObjectContext<{ runs: number; stopped: boolean }>): Promise<void> {
    ctx.set("stopped", true);
  }

  @shared()
  async runs(ctx: ObjectSharedContext<{ runs: number }>): Promise<number> {
    return (await ctx.get("runs")) ?? 0;
  }
}

// What the tests of the kit run: decorated, as users write it.

import {
  exclusive,
  handler,
  object,
  run,
  service,
  shared,
  TerminalError,
  workflow,
  type Context,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";

/** How often something outside of the journals happened, by name. */
export const happened = new Map<string, number>();

export function happens(what: string): number {
  const times = (happened.get(what) ?? 0) + 1;
  happened.set(what, times);
  return times;
}

@service()
export class Greeter {
  @handler()
  async greet(ctx: Context, name: string): Promise<string> {
    const greeting = await ctx.run("greeting", () => "Hello");
    return `${greeting}, ${name}`;
  }

  /** Sleeps an hour, so many times. */
  @handler()
  async nap(ctx: Context, hours: number): Promise<number> {
    for (let hour = 0; hour < hours; hour++) {
      await ctx.sleep({ hours: 1 });
      await ctx.run("tick", () => happens("tick"));
    }
    return hours;
  }

  /** Fails until it was tried so many times. */
  @handler()
  async flaky(_ctx: Context, { id, failures }: { id: string; failures: number }): Promise<number> {
    const tries = happens(id);
    if (tries <= failures) throw new Error(`try ${String(tries)} of ${id} fails`);
    return tries;
  }

  /** Counts how often its code runs up to its end: once for each await, where every await is replayed. */
  @handler()
  async attempts(ctx: Context, id: string): Promise<number> {
    happens(id);
    await ctx.sleep(1);
    await ctx.sleep(1);
    return happened.get(id) ?? 0;
  }

  @handler()
  async refuses(): Promise<void> {
    throw new TerminalError("no", { errorCode: 418 });
  }
}

export interface CounterState {
  count: number;
  name: string;
}

@object()
export class Counter {
  @exclusive()
  async add(ctx: ObjectContext<CounterState>, n: number): Promise<number> {
    const count = ((await ctx.get("count")) ?? 0) + n;
    ctx.set("count", count);
    return count;
  }

  @shared()
  async get(ctx: ObjectSharedContext<CounterState>): Promise<number | null> {
    return ctx.get("count");
  }
}

@workflow()
export class Signup {
  @run()
  async run(ctx: WorkflowContext, email: string): Promise<string> {
    ctx.set("stage", "asked");
    const secret = await ctx.run("secret", () => `${email}-secret`);
    const clicked = await ctx.promise<string>("clicked").get().orTimeout({ days: 1 });
    ctx.set("stage", "confirmed");
    return clicked === secret ? "confirmed" : "wrong";
  }

  @shared()
  async click(ctx: WorkflowSharedContext, secret: string): Promise<void> {
    await ctx.promise<string>("clicked").resolve(secret);
  }
}

// The workload of the fault tests and of the soak: one small handler for each thing that a server does for others. Every
// execution of a step leaves a line (effects.ts), under the id that the caller gave.

import {
  exclusive,
  handler,
  object,
  RestatePromise,
  run,
  service,
  shared,
  workflow,
  type Context,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { effect } from "./effects.js";

/** What a step gave, and when it ran, in the time of the machine. */
export interface Timed {
  readonly value: string;
  readonly at: number;
}

const retryPolicy = { initialInterval: 20, maxInterval: 500 };
const fanWidth = 10;

@service({ retryPolicy })
export class Mixed {
  @handler()
  async echo(_ctx: Context, value: number): Promise<number> {
    return value;
  }

  /** Three steps, each with the value before it. */
  @handler()
  async steps(ctx: Context, id: string): Promise<string[]> {
    const values: string[] = [];
    for (const step of ["one", "two", "three"]) {
      const used = values.slice(-1);
      values.push(await ctx.run(step, () => effect(id, step, ...used)));
    }
    return values;
  }

  @handler()
  async leaf(ctx: Context, { id, leaf }: { id: string; leaf: number }): Promise<string> {
    return ctx.run("leaf", () => effect(id, `leaf ${String(leaf)}`));
  }

  /** Ten calls side by side, joined. */
  @handler({ inactivityTimeout: 25 })
  async fan(ctx: Context, id: string): Promise<string[]> {
    const client = ctx.serviceClient(Mixed);
    return RestatePromise.all(
      Array.from({ length: fanWidth }, (_, leaf) => client.leaf({ id, leaf })),
    );
  }

  /** Sent with a delay. */
  @handler()
  async delayed(ctx: Context, id: string): Promise<Timed> {
    return ctx.run("delayed", () => timed(id, "delayed"));
  }

  /** Sleeps between two steps. */
  @handler({ inactivityTimeout: 0 })
  async nap(ctx: Context, { id, ms }: { id: string; ms: number }): Promise<[Timed, Timed]> {
    const before = await ctx.run("before", () => timed(id, "before"));
    await ctx.sleep(ms);
    return [before, await ctx.run("after", () => timed(id, "after", before.value))];
  }
}

@object({ retryPolicy })
export class MixedCounter {
  @exclusive()
  async add(ctx: ObjectContext, amount: number): Promise<number> {
    const count = ((await ctx.get<number>("count")) ?? 0) + amount;
    ctx.set("count", count);
    return count;
  }

  @shared()
  async get(ctx: ObjectSharedContext): Promise<number> {
    return (await ctx.get<number>("count")) ?? 0;
  }
}

/** Submitted, clicked, and waited for. */
@workflow({ retryPolicy, inactivityTimeout: 25 })
export class MixedSignup {
  @run()
  async run(ctx: WorkflowContext): Promise<string[]> {
    const user = await ctx.run("user", () => effect(ctx.key, "user"));
    ctx.set("user", user);
    const mail = await ctx.run("mail", () => effect(ctx.key, "mail", user));
    const clicked = await ctx.promise<string>("clicked");
    return [user, mail, clicked];
  }

  @shared()
  async click(ctx: WorkflowSharedContext, secret: string): Promise<void> {
    await ctx.promise<string>("clicked").resolve(secret);
  }
}

/** Waits for an awakeable, whose id it tells whoever asks. */
@workflow({ retryPolicy, inactivityTimeout: 25 })
export class MixedWaiter {
  @run()
  async run(ctx: WorkflowContext): Promise<string[]> {
    const { id, promise } = ctx.awakeable<string>();
    ctx.set("awakeable", id);
    const given = await promise;
    return [given, await ctx.run("given", () => effect(ctx.key, "given", given))];
  }

  @shared()
  async awakeable(ctx: WorkflowSharedContext): Promise<string | null> {
    return ctx.get<string>("awakeable");
  }
}

function timed(who: string, step: string, ...used: string[]): Timed {
  return { at: Date.now(), value: effect(who, step, ...used) };
}

// A number for each key, and how it changes. `addThenFail` leaves its change behind.

import {
  exclusive,
  object,
  shared,
  TerminalError,
  type ObjectContext,
  type ObjectSharedContext,
} from "@perdure/sdk";

interface CounterState {
  counter: number;
}

interface CounterUpdate {
  readonly oldValue: number;
  readonly newValue: number;
}

@object()
export class Counter {
  @exclusive()
  async add(ctx: ObjectContext<CounterState>, by: number): Promise<CounterUpdate> {
    const oldValue = (await ctx.get("counter")) ?? 0;
    const newValue = oldValue + by;
    ctx.set("counter", newValue);
    return { oldValue, newValue };
  }

  @exclusive()
  async addThenFail(ctx: ObjectContext<CounterState>, by: number): Promise<never> {
    ctx.set("counter", ((await ctx.get("counter")) ?? 0) + by);
    throw new TerminalError(ctx.key);
  }

  @shared()
  async get(ctx: ObjectSharedContext<CounterState>): Promise<number> {
    return (await ctx.get("counter")) ?? 0;
  }

  @exclusive()
  async reset(ctx: ObjectContext<CounterState>): Promise<void> {
    ctx.clear("counter");
  }
}

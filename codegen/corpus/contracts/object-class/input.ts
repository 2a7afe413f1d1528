import { exclusive, handler, object, shared, type ObjectContext, type ObjectSharedContext } from "@perdure/sdk";

@object()
export class Counter {
  @exclusive()
  async add(ctx: ObjectContext, by: number): Promise<number> {
    const sum = ((await ctx.get<number>("sum")) ?? 0) + by;
    ctx.set("sum", sum);
    return sum;
  }

  @handler()
  async reset(ctx: ObjectContext): Promise<void> {
    ctx.clearAll();
  }

  @shared()
  async get(ctx: ObjectSharedContext): Promise<number> {
    return (await ctx.get<number>("sum")) ?? 0;
  }
}

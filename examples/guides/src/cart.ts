// A virtual object: one cart for each key, with state, one change at a time.

import { exclusive, object, shared, TerminalError } from "@perdure/sdk";
import type { ObjectContext, ObjectSharedContext } from "@perdure/sdk";

export interface CartState {
  items: string[];
  receipts: number;
}

@object()
export class Cart {
  @exclusive()
  async add(ctx: ObjectContext<CartState>, item: string): Promise<number> {
    const items = (await ctx.get("items")) ?? []; // null where it is not set
    ctx.set("items", [...items, item]);
    return items.length + 1;
  }

  @exclusive()
  async checkOut(ctx: ObjectContext<CartState>): Promise<string> {
    const items = (await ctx.get("items")) ?? [];
    if (items.length === 0) throw new TerminalError("the cart is empty", { errorCode: 409 });
    const customer = ctx.key;
    const receipt = await ctx.run("charge", () => `${customer} paid for ${items.join(" and ")}`);
    ctx.set("receipts", ((await ctx.get("receipts")) ?? 0) + 1);
    ctx.clear("items");
    return receipt;
  }

  @shared()
  async items(ctx: ObjectSharedContext<CartState>): Promise<string[]> {
    return (await ctx.get("items")) ?? [];
  }
}

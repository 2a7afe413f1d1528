// The stock of one article, as an object: its key is the article's number, and one call at a time changes it.
//
// State is JSON, whatever handlers take and give: a Date is kept as text here.

import {
  exclusive,
  object,
  shared,
  TerminalError,
  type ObjectContext,
  type ObjectSharedContext,
} from "@perdure/sdk";

type State = {
  left: number;
  /** By order. */
  reserved: Record<string, number>;
  deliveredAt: string;
};

export interface Delivery {
  /** @protoType int32 */
  readonly quantity: number;
  readonly arrivedAt: Date;
}

export interface StockLevel {
  /** @protoType int32 */
  readonly left: number;
  /**
   * By order.
   * @protoType int32
   */
  readonly reserved: Readonly<Record<string, number>>;
  /** Null: nothing was delivered so far. */
  readonly deliveredAt: Date | null;
}

/** The stock of an article. The key is the article's number. */
@object()
export class Inventory {
  /** Adds what was delivered. */
  @exclusive()
  async restock(ctx: ObjectContext<State>, delivery: Delivery): Promise<StockLevel> {
    ctx.set("left", ((await ctx.get("left")) ?? 0) + delivery.quantity);
    ctx.set("deliveredAt", delivery.arrivedAt.toISOString());
    return levelOf(ctx);
  }

  /** Sets something aside for an order. Fails with 409 where there is not enough. */
  @exclusive()
  async reserve(ctx: ObjectContext<State>, { orderId, quantity }: Reservation): Promise<void> {
    const left = (await ctx.get("left")) ?? 0;
    if (left < quantity) {
      throw new TerminalError(`${left} of ${ctx.key} are left, not ${quantity}`, {
        errorCode: 409,
      });
    }
    const reserved = (await ctx.get("reserved")) ?? {};
    ctx.set("left", left - quantity);
    ctx.set("reserved", { ...reserved, [orderId]: (reserved[orderId] ?? 0) + quantity });
  }

  /** Takes an order's reservation back. */
  @exclusive()
  async release(ctx: ObjectContext<State>, orderId: string): Promise<void> {
    const { [orderId]: quantity = 0, ...others } = (await ctx.get("reserved")) ?? {};
    ctx.set("left", ((await ctx.get("left")) ?? 0) + quantity);
    ctx.set("reserved", others);
  }

  /** How much is left, and for whom something is set aside. */
  @shared()
  async level(ctx: ObjectSharedContext<State>): Promise<StockLevel> {
    return levelOf(ctx);
  }
}

export interface Reservation {
  readonly orderId: string;
  /** @protoType int32 */
  readonly quantity: number;
}

async function levelOf(ctx: ObjectSharedContext<State>): Promise<StockLevel> {
  const deliveredAt = await ctx.get("deliveredAt");
  return {
    left: (await ctx.get("left")) ?? 0,
    reserved: (await ctx.get("reserved")) ?? {},
    deliveredAt: deliveredAt === null ? null : new Date(deliveredAt),
  };
}

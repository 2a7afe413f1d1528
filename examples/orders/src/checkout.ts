// An order, from the cart to the parcel: goods are set aside, the customer pays, a parcel leaves. Whatever ends it
// before gives the goods back.
//
// Handlers take and give Dates, bigints and bytes, since the generated manifest says where they are. What is recorded
// in between (state, steps, promises) is JSON.

import {
  isTerminalError,
  run,
  shared,
  TerminalError,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { Inventory } from "./inventory.js";
import type { Order, OrderLine, OrderStatus, Payment, Receipt } from "./order.js";
import { charge, ship } from "./outside.js";
import { pricing, type Quote } from "./pricing.js";

/** For payments to come in. */
const paymentDays = 3;

type State = {
  totalCents: string;
  dueAtMs: number;
  shipped: { tracking: string; atMs: number; parcel: [number, number, number] };
  cancelled: string;
};

/** What may come instead of a payment. */
type Cancellation = { readonly kind: "cancelled"; readonly reason: string };

/** One order. The key is its number. */
@workflow({ name: "checkout", workflowRetention: { days: 30 } })
export class Checkout {
  /**
   * Sees an order through. Fails with 409 where goods are out of stock, 402 where the payment is refused, 408 where
   * none comes in time, 410 where the order is cancelled.
   */
  @run()
  async run(ctx: WorkflowContext<State>, order: Order): Promise<Receipt> {
    const reserved: OrderLine[] = [];
    try {
      const quote = await ctx.serviceClient(pricing).quote({
        currency: "CHF",
        lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
      });
      for (const line of order.lines) {
        const { sku, quantity } = line;
        await ctx.objectClient(Inventory, sku).reserve({ orderId: ctx.key, quantity });
        reserved.push(line);
      }
      const payment = order.payment ?? (await paymentOf(ctx, quote));
      await ctx.run("charge", () => charge(ctx.key, payment, quote.total));
      return await shipped(ctx, order, quote, payment);
    } catch (error) {
      if (!isTerminalError(error)) throw error;
      for (const { sku } of reserved.reverse()) {
        await ctx.objectClient(Inventory, sku).release(ctx.key);
      }
      ctx.set("cancelled", error.message);
      throw error;
    }
  }

  /** Pays an order that came without a payment. Fails with 409 where it was paid before. */
  @shared()
  async pay(ctx: WorkflowSharedContext<State>, payment: Payment): Promise<void> {
    await ctx.promise<Payment | Cancellation>("payment").resolve(payment);
  }

  /** Cancels an order that is not paid yet. Fails with 409 where it is. */
  @shared()
  async cancel(ctx: WorkflowSharedContext<State>, reason?: string): Promise<void> {
    const cancellation = {
      kind: "cancelled",
      reason: reason ?? "nobody wants it any more",
    } as const;
    await ctx.promise<Payment | Cancellation>("payment").resolve(cancellation);
  }

  /** How far the order is. */
  @shared()
  async status(ctx: WorkflowSharedContext<State>): Promise<OrderStatus> {
    const reason = await ctx.get("cancelled");
    if (reason !== null) return { state: "cancelled", reason };
    const parcel = await ctx.get("shipped");
    if (parcel !== null) return { state: "shipped", shipment: shipmentOf(parcel) };
    const [cents, dueAtMs] = [await ctx.get("totalCents"), await ctx.get("dueAtMs")];
    if (cents === null || dueAtMs === null) return { state: "unknown" };
    const total = { cents: BigInt(cents), currency: "CHF" as const };
    return { state: "awaiting payment", total, dueAt: new Date(dueAtMs) };
  }
}

/** Waits for it. */
async function paymentOf(ctx: WorkflowContext<State>, { total }: Quote): Promise<Payment> {
  const nowMs = await ctx.date.now();
  ctx.set("totalCents", total.cents.toString());
  ctx.set("dueAtMs", nowMs + paymentDays * 86_400_000);
  const answer = await ctx
    .promise<Payment | Cancellation>("payment")
    .get()
    .orTimeout({ days: paymentDays });
  if (answer.kind === "cancelled") throw new TerminalError(answer.reason, { errorCode: 410 });
  return answer;
}

async function shipped(
  ctx: WorkflowContext<State>,
  { lines, customer }: Order,
  { total, taxes }: Quote,
  { kind }: Payment,
): Promise<Receipt> {
  const pieces = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  const { tracking, size } = await ctx.run("ship", () => ship(ctx.key, pieces));
  const parcel = { tracking, atMs: await ctx.date.now(), parcel: size };
  ctx.set("shipped", parcel);
  const text = `Order ${ctx.key} of ${customer}: ${pieces} pieces, ${total.cents} cents ${total.currency}\n`;
  return {
    orderId: ctx.key,
    paidBy: kind,
    total,
    taxes,
    shipment: shipmentOf(parcel),
    issuedAt: new Date(parcel.atMs),
    document: new TextEncoder().encode(text),
  };
}

function shipmentOf({ tracking, atMs, parcel }: State["shipped"]): Receipt["shipment"] {
  return { tracking, shippedAt: new Date(atMs), parcel };
}

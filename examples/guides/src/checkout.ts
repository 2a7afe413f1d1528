// Durable steps: one by one, side by side, with a retry policy of their own, and undone when the rest fails.

import { DurablePromise, handler, isTerminalError, service } from "@perdure/sdk";
import type { Context } from "@perdure/sdk";
import { shop } from "./shop.js";

export interface Order {
  readonly item: string;
  readonly price: number;
}

@service()
export class Checkout {
  @handler()
  async buy(ctx: Context, order: Order): Promise<string> {
    // The same on every replay: the payment is made once, however often the step is repeated.
    const paymentId = ctx.rand.uuidv4();

    const [stock, address] = await DurablePromise.all([
      ctx.run("reserve", () => shop.reserve(order.item)),
      ctx.run("find the address", () => shop.address()),
    ]);
    try {
      await ctx.run("charge", ({ signal }) => shop.charge(paymentId, order.price, signal), {
        maxRetryAttempts: 3,
        initialRetryInterval: { milliseconds: 10 },
      });
    } catch (error) {
      if (!isTerminalError(error)) throw error;
      await ctx.run("release", () => shop.release(stock)); // undo what was done
      throw error; // the invocation fails with it
    }
    return ctx.run("ship", () => shop.ship(stock, address));
  }
}

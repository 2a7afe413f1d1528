// What all the endpoints of this folder offer: a workflow that does what durable code does (a call, steps, a sleep, a
// durable promise), and the service that it calls. Nothing here depends on where it runs.

import {
  service,
  workflow,
  type Context,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk/fetch";

export interface Order {
  readonly item: string;
  readonly price: number;
  readonly payment: string;
  readonly parcel: string;
}

export const shop = service({
  name: "Shop",
  handlers: {
    price: async (_: Context, item: string): Promise<number> => item.length * 10,
  },
});

export const order = workflow({
  name: "Order",
  handlers: {
    run: async (ctx: WorkflowContext, item: string): Promise<Order> => {
      const price = await ctx.serviceClient(shop).price(item);
      const payment = await ctx.run("reserve the money", () => crypto.randomUUID());
      ctx.set("payment", payment);
      await ctx.sleep(100);
      await ctx.promise("approved");
      const parcel = await ctx.run("hand it over", () => crypto.randomUUID());
      return { item, price, payment, parcel };
    },
    payment: async (ctx: WorkflowSharedContext): Promise<string | null> =>
      ctx.get<string>("payment"),
    approve: async (ctx: WorkflowSharedContext): Promise<void> => {
      await ctx.promise("approved").resolve(undefined);
    },
  },
});

export const services = [order, shop];

// A service that describes what it takes and gives, for what is made of descriptions.

import { handlers, serde, service, type Context } from "@perdure/sdk";

interface Order {
  readonly lines: readonly { readonly item: string; readonly price: number }[];
}

const orderSchema = {
  type: "object",
  required: ["lines"],
  properties: { lines: { type: "array", items: { $ref: "#/$defs/Line" } } },
  $defs: {
    Line: {
      type: "object",
      required: ["item", "price"],
      properties: { item: { type: "string" }, price: { type: "integer" } },
    },
  },
};

export const orders = service({
  name: "Orders",
  description: "Takes orders.",
  handlers: {
    total: handlers.handler(
      {
        input: serde.json.schema<Order>(orderSchema),
        output: serde.json.schema<number>({ type: "integer" }),
        description: "What an order costs.",
      },
      async (_ctx: Context, order: Order): Promise<number> =>
        order.lines.reduce((sum, { price }) => sum + price, 0),
    ),
    audit: handlers.handler({ ingressPrivate: true }, async (_ctx: Context) => "secret"),
  },
});

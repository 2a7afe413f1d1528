import { iface, implement, serde } from "@perdure/sdk";
import * as v from "valibot";

export interface Product {
  id: string;
  price: bigint;
}

const order = v.object({ product: v.string(), count: v.optional(v.number(), 1) });

export const catalog = iface.object("Catalog", {
  put: iface.json<Product, void>({ description: "Puts a product" }),
  get: iface.shared.json<void, Product>(),
  order: iface.schemas({ input: order, output: v.number() }),
  setImage: iface.serdes({ input: serde.binary }),
  image: iface.shared.serdes({ output: serde.binary }),
});

export const greeter = iface.service("Greeter", {
  greet: iface.json<string, string>(),
  ping: iface.json(),
});

/** Sells things. */
export const catalogObject = implement(catalog, {
  handlers: {
    put: async (ctx, product) => ctx.set("product", product),
    get: async (ctx) => (await ctx.get<Product>("product")) ?? { id: "", price: 0n },
    order: async (_, { count }) => count,
    setImage: async (ctx, image) => ctx.set("image", image),
    image: async () => new Uint8Array(),
  },
});

export const greeterService = implement(greeter, {
  handlers: {
    greet: async (_, name) => name,
    ping: async () => {},
  },
});

// Serialization: a schema that checks input and is published, bytes as they are, and an interface that callers share.

import { iface, implement, serde } from "@perdure/sdk";
import * as v from "valibot";

const product = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  price: v.pipe(v.number(), v.minValue(0)),
  tags: v.optional(v.array(v.string()), []),
});

/** Callers import this alone: names, types and serdes, no code. */
export const catalogInterface = iface.object("Catalog", {
  put: iface.schemas({ input: product, output: v.number() }),
  setImage: iface.serdes({ input: serde.binary }),
  image: iface.shared.serdes({ output: serde.binary }),
});

export const catalog = implement(catalogInterface, {
  handlers: {
    put: async (ctx, { name, price, tags }) => {
      ctx.set("product", { name, price });
      return tags.length;
    },
    setImage: async (ctx, image) => {
      ctx.set("image", image, serde.binary);
    },
    image: async (ctx) => (await ctx.get<Uint8Array>("image", serde.binary)) ?? new Uint8Array(),
  },
});

// What things cost. A service in functional form; a zod schema says what a quote is asked with, and refuses the rest.

import { handlers, serde, service, TerminalError, type Context } from "@perdure/sdk";
import * as z from "zod";
import { shareOf, type Money } from "./money.js";
import { priceList, rates, type Price } from "./price-list.js";

const QuoteRequest = z.object({
  currency: z.enum(["EUR", "USD", "CHF"]),
  lines: z
    .array(z.object({ sku: z.string().min(1), quantity: z.number().int().positive() }))
    .min(1),
  coupon: z.string().optional(),
});
type QuoteRequest = z.infer<typeof QuoteRequest>;

export interface Quote {
  readonly total: Money;
  /** In cents, by rate, such as "8.1 %". */
  readonly taxes: Readonly<Record<string, bigint>>;
  readonly validUntil: Date;
}

/** Something to sell: an article, or several things that are sold together, which may be bundles again. */
export type Item = Article | Bundle;

export interface Article {
  readonly kind: "article";
  readonly sku: string;
}

export interface Bundle {
  readonly kind: "bundle";
  readonly parts: readonly Item[];
  /** In percent. Default: none. */
  readonly rebate?: number;
}

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins. Absent: this was the last. */
  readonly next?: string;
}

/** Prices, and what follows from them. */
export const pricing = service({
  name: "pricing",
  handlers: {
    /** What an order would cost. Fails with 400 where the request does not fit, with 404 for an unknown article. */
    quote: handlers.handler(
      { input: serde.schema(QuoteRequest) },
      async (ctx: Context, request: QuoteRequest): Promise<Quote> => {
        const { lines, coupon, currency } = request;
        let net = 0n;
        for (const { sku, quantity } of lines) {
          net += (await priceOf(ctx, sku)) * BigInt(quantity);
        }
        if (coupon === "TENTH") net -= shareOf(net, 1_000n);
        const inCurrency = shareOf(net, rates[currency]);
        const tax = shareOf(inCurrency, 810n);
        return {
          total: { cents: inCurrency + tax, currency },
          taxes: { "8.1 %": tax },
          validUntil: new Date((await ctx.date.now()) + 86_400_000),
        };
      },
    ),

    /** What a bundle costs, before taxes. */
    priceOfItem: async (ctx: Context, item: Item): Promise<Money> => {
      return { cents: await centsOf(ctx, item), currency: "CHF" };
    },

    /** The list of prices, two at a time, from an article's number on. */
    listPrices: async (_ctx: Context, from?: string): Promise<Page<Price>> => {
      const rest = priceList.filter(({ sku }) => from === undefined || sku >= from);
      const next = rest[2]?.sku;
      return { items: rest.slice(0, 2), ...(next === undefined ? {} : { next }) };
    },
  },
});

async function centsOf(ctx: Context, item: Item): Promise<bigint> {
  if (item.kind === "article") return priceOf(ctx, item.sku);
  let sum = 0n;
  for (const part of item.parts) sum += await centsOf(ctx, part);
  return sum - shareOf(sum, BigInt(Math.round((item.rebate ?? 0) * 100)));
}

/** In the list's own currency. */
async function priceOf(ctx: Context, sku: string): Promise<bigint> {
  const cents = await ctx.run(`price of ${sku}`, () => {
    return priceList.find((price) => price.sku === sku)?.cents.toString();
  });
  if (cents === undefined) {
    throw new TerminalError(`nothing is known of the article ${sku}`, { errorCode: 404 });
  }
  return BigInt(cents);
}

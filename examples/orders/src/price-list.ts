// A database of prices, pretended.

import type { Currency } from "./money.js";

export interface Price {
  readonly sku: string;
  /** In hundredths of a franc. */
  readonly cents: bigint;
  readonly since: Date;
}

export const priceList: readonly Price[] = [
  { sku: "clock", cents: 12_900n, since: new Date("2026-01-01T00:00:00Z") },
  { sku: "lamp", cents: 4_550n, since: new Date("2026-03-15T00:00:00Z") },
  { sku: "table", cents: 89_900n, since: new Date("2025-11-01T00:00:00Z") },
];

/** Hundredths of a percent of a franc. */
export const rates: Readonly<Record<Currency, bigint>> = {
  CHF: 10_000n,
  EUR: 10_700n,
  USD: 12_400n,
};

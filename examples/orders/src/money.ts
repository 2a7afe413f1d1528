// Money, in whole cents: bigint, so that no sum is ever rounded.

export type Currency = "EUR" | "USD" | "CHF";

export interface Money {
  /** In cents. */
  readonly cents: bigint;
  readonly currency: Currency;
}

/** Cents that are a share of others, in hundredths of a percent; halves are rounded up. */
export function shareOf(cents: bigint, basisPoints: bigint): bigint {
  return (cents * basisPoints + 5_000n) / 10_000n;
}

// What the crash tests and their services (services/trips.ts) hand each other.

/** How many steps a quote takes. */
export const quoteSteps = 5;

export interface TripInput {
  readonly number: number;
  /** One is called, one is sent to. */
  readonly ledgers: readonly [string, string];
}

export interface TripResult {
  readonly token: string;
  readonly left: string;
  readonly right: string;
  readonly doubled: number;
  readonly confirmed: string;
  readonly last: string;
}

export interface Posting {
  readonly op: string;
  readonly amount: number;
}

export interface LedgerState {
  readonly total: number;
  readonly ops: readonly string[];
}

/** One execution of a step. */
export interface Effect {
  readonly who: string;
  readonly step: string;
  /** New in each execution. */
  readonly value: string;
  /** Values of earlier steps that this one was given. */
  readonly used: readonly string[];
}

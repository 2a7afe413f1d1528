// What the crash tests and their services (services/trips.ts) hand each other.

import { createHash } from "node:crypto";

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
  readonly count: number;
  /** Of all postings in their order. */
  readonly chain: string;
}

export const emptyLedger: LedgerState = { total: 0, count: 0, chain: "" };

/** The chain with one more posting. */
export function chained(chain: string, op: string): string {
  return createHash("sha256").update(`${chain} ${op}`).digest("base64url").slice(0, 16);
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

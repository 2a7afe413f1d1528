// The world outside, pretended: who takes payments and who carries parcels.

import { TerminalError } from "@perdure/sdk";
import type { Money } from "./money.js";
import type { Payment } from "./order.js";

/** @throws TerminalError  402: refused for good */
export function charge(orderId: string, payment: Payment, { cents, currency }: Money): void {
  if (payment.kind === "card" && payment.token === "declined") {
    throw new TerminalError(`the card was declined`, { errorCode: 402 });
  }
  console.log(`[${orderId}] charged ${cents} cents ${currency} by ${payment.kind}`);
}

export interface Parcel {
  readonly tracking: string;
  readonly size: [length: number, width: number, height: number];
}

export function ship(orderId: string, pieces: number): Parcel {
  console.log(`[${orderId}] shipped ${pieces} pieces`);
  return { tracking: `track-${orderId}`, size: [40, 30, 10 * pieces] };
}

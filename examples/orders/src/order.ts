// What customers order, and what becomes of it: the types that callers see, in any language.

import type { Money } from "./money.js";

export interface Order {
  /** The customer's number. */
  readonly customer: string;
  /** At least one. */
  readonly lines: readonly OrderLine[];
  readonly shipTo: Address;
  /** Absent: the same as `shipTo`. */
  readonly billTo?: Address;
  /** Absent: paid later, by the handler `pay`. */
  readonly payment?: Payment;
  /** Null: as soon as it can be. */
  readonly deliverBy: Date | null;
  /** What the shop wants to find again; nobody reads it here. */
  readonly labels?: Readonly<Record<string, unknown>>;
}

export interface OrderLine {
  /** The article's number in the stock. */
  readonly sku: string;
  /** @protoType int32 */
  readonly quantity: number;
  /** Engraving, wrapping, and the like, by name. */
  readonly wishes?: Readonly<Record<string, string>>;
}

export interface Address {
  readonly name: string;
  readonly street: string;
  readonly city: string;
  readonly postcode: string;
  /** Two letters, such as "CH". */
  readonly country: string;
}

/** How an order is paid. */
export type Payment = CardPayment | TransferPayment | VoucherPayment;

export interface CardPayment {
  readonly kind: "card";
  /** What the payment provider gave for the card. */
  readonly token: string;
}

export interface TransferPayment {
  readonly kind: "transfer";
  readonly iban: string;
  /** Null: the order's number. */
  readonly reference: string | null;
}

export interface VoucherPayment {
  readonly kind: "voucher";
  readonly codes: readonly string[];
}

/** How far an order is. */
export type OrderStatus =
  | { readonly state: "unknown" }
  | { readonly state: "awaiting payment"; readonly total: Money; readonly dueAt: Date }
  | { readonly state: "shipped"; readonly shipment: Shipment }
  | { readonly state: "cancelled"; readonly reason: string };

export interface Shipment {
  readonly tracking: string;
  readonly shippedAt: Date;
  /** In centimetres. */
  readonly parcel: readonly [length: number, width: number, height: number];
}

/** What the customer gets in the end. */
export interface Receipt {
  readonly orderId: string;
  readonly paidBy: Payment["kind"];
  readonly total: Money;
  /** In cents, by rate, such as "8.1 %". */
  readonly taxes: Readonly<Record<string, bigint>>;
  readonly shipment: Shipment;
  readonly issuedAt: Date;
  /** The same to be printed: UTF-8 text. */
  readonly document: Uint8Array;
}

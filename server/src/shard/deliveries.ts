// The outbox, from the shard's side: which receivers have logged what, told to the senders once in a batch;
// and after a restart, what is still to be sent.

import type { Delivered } from "@perdure/proto/storage/v1/events";
import type { Message } from "@perdure/proto/storage/v1/records";
import { addressOfOutboxKey } from "../core/keys.js";
import type { Tables } from "../core/tables.js";

interface Receipt {
  readonly partition: number;
  readonly delivered: Delivered;
}

export class Deliveries {
  /** By sender, then receiver: the last sequence. */
  #receipts = new Map<number, Map<number, number>>();

  /** `by` has logged the sender's message (now, or before). */
  received(sender: number, by: number, sequence: number): void {
    let receipts = this.#receipts.get(sender);
    if (receipts === undefined) {
      receipts = new Map();
      this.#receipts.set(sender, receipts);
    }
    receipts.set(by, sequence);
  }

  takeReceipts(): Receipt[] {
    if (this.#receipts.size === 0) return [];
    const receipts = [...this.#receipts].map(([sender, to]) => ({
      partition: sender,
      delivered: {
        $typeName: "perdure.storage.v1.Delivered" as const,
        to: [...to].map(([partition, sequence]) => ({
          $typeName: "perdure.storage.v1.DeliveredTo" as const,
          partition,
          sequence,
        })),
      },
    }));
    this.#receipts = new Map();
    return receipts;
  }

  /** Rows of the outbox, in the order in which each receiver must see them. */
  *unsent(tables: Tables): Generator<{ to: number; sequence: number; message: Message }> {
    for (const { key, value } of tables.outbox.scan("", "\u00ff", Number.MAX_SAFE_INTEGER)) {
      yield { ...addressOfOutboxKey(key), message: value };
    }
  }
}

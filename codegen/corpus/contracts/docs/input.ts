import { exclusive, object, type ObjectContext } from "@perdure/sdk";

/**
 * What people order.
 *
 * - may be empty
 *   - or not
 *
 * Costs 5 €, says "so"; ends with a \ and a */
export interface Order {
  /** How many. */
  count: number;
  /**
   * Who pays.
   *
   * @deprecated use {@link Order.payers}
   */
  payer?: string;
  /** All who pay. See {@link https://example.com/payers the page}. */
  payers: string[];
  /** @deprecated */
  old: boolean;
}

/**
 * Keeps orders.
 *
 * ```ts
 * cart.add({ count: 1 });
 * ```
 *
 * @deprecated use Basket
 */
@object()
export class Cart {
  /**
   * Adds one.
   *
   * @param order what to add
   * @returns how many there are
   * @deprecated use put
   */
  @exclusive()
  async add(_: ObjectContext, order: Order): Promise<number> {
    return order.count;
  }

  // Not a JSDoc comment.
  @exclusive()
  async clear(_: ObjectContext): Promise<void> {}
}

// What the examples call outside: something that can fail, as the world does.

class Shop {
  /** Payments that fail before one goes well. */
  declines = 0;
  readonly did: string[] = [];

  async reserve(item: string): Promise<string> {
    this.did.push(`reserve ${item}`);
    return `stock of ${item}`;
  }

  async address(): Promise<string> {
    return "12 Elm Street";
  }

  async charge(_paymentId: string, price: number, _signal: AbortSignal): Promise<void> {
    this.did.push(`charge ${price}`);
    if (this.declines-- > 0) throw new Error("the bank does not answer");
  }

  async release(stock: string): Promise<void> {
    this.did.push(`release ${stock}`);
  }

  async ship(stock: string, address: string): Promise<string> {
    this.did.push(`ship ${stock}`);
    return `${stock} goes to ${address}`;
  }
}

export const shop: Shop = new Shop();

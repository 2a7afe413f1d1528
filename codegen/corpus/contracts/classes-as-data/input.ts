import { handler, service, type Context } from "@perdure/sdk";

export class Address {
  constructor(
    readonly street: string,
    readonly city: string,
  ) {}
}

/** Somebody. */
export class Customer {
  name = "";
  address: Address = new Address("", "");
  tags: string[] = [];
  #secret = 1;
  static count = 0;
  get [Symbol.toStringTag](): string {
    return String(this.#secret);
  }
}

@service()
export class Customers {
  @handler()
  async put(_: Context, value: Customer): Promise<Customer> {
    return value;
  }
}

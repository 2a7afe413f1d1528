import { handler, service, type Context } from "@perdure/sdk";

/** @renamedFrom User */
export interface Customer {
  /** @renamedFrom tags */
  labels: { at: Date; text: string }[];
  /** @renamedFrom plan */
  tariff: "pro" | "free";
  /** @renamedFrom address */
  home: {
    /** @renamedFrom city */
    town: { country: string; name: string };
    zip: string;
  };
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: Customer): Promise<Customer> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";

/** @renamedFrom User */
export interface Customer {
  plan: Tariff;
  address: Place;
  name: string;
}

/** @renamedFrom Address */
export interface Place {
  city: string;
  zip: string;
}

/** @renamedFrom Plan */
export enum Tariff {
  Pro = "pro",
  Free = "free",
}

@service()
export class Users {
  @handler()
  async put(_: Context, value: Customer): Promise<Customer> {
    return value;
  }

  @handler()
  async list(_: Context, value: Customer[][]): Promise<Customer[][]> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";

export interface Address {
  city: string;
}

export type Plan = "free" | "pro";

export interface Nullables {
  text: string | null;
  size: number | null;
  flag: boolean | null;
  cents: bigint | null;
  at: Date | null;
  picture: Uint8Array | null;
  address: Address | null;
  plan: Plan | null;
  list: string[] | null;
  map: Record<string, Address> | null;
  pair: [string, number] | null;
  anything: unknown | null;
  nulls: null[];
}

@service()
export class Nullable {
  @handler()
  async put(_: Context, value: Nullables): Promise<Nullables> {
    return value;
  }

  @handler()
  async text(_: Context, value: string | null): Promise<string | null> {
    return value;
  }

  @handler()
  async address(_: Context, value: Address | null): Promise<Address | null> {
    return value;
  }

  @handler()
  async list(_: Context, value: Address[] | null): Promise<Address[] | null> {
    return value;
  }
}

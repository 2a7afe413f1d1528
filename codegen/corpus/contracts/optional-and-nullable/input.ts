import { handler, service, type Context } from "@perdure/sdk";

export interface Address {
  city: string;
}

export type Plan = "free" | "pro";

export interface Both {
  text?: string | null;
  otherText?: string | null;
  size?: number | null;
  flag?: boolean | null;
  at?: Date | null;
  address?: Address | null;
  plan?: Plan | null;
  list?: string[] | null;
  map?: Record<string, number> | null;
  pair?: [string, number] | null;
  unionOf?: string | number | null;
}

@service()
export class Patches {
  @handler()
  async patch(_: Context, value?: Both | null): Promise<Both | null | undefined> {
    return value;
  }
}

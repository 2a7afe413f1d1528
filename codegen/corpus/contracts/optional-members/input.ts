import { handler, service, type Context } from "@perdure/sdk";

export interface Address {
  city: string;
}

export enum Color {
  Red = "red",
}

export interface Optionals {
  text?: string;
  size?: number;
  flag?: boolean;
  cents?: bigint;
  at?: Date;
  picture?: Uint8Array;
  anything?: unknown;
  nothing?: null;
  address?: Address;
  color?: Color;
  undefinedOnly?: undefined;
  written: string | undefined;
  both?: string | undefined;
  list?: string[];
  map?: Record<string, number>;
  pair?: [string, number];
  inner?: { deep?: { deeper?: string } };
}

@service()
export class Optional {
  @handler()
  async put(_: Context, value: Optionals): Promise<Optionals> {
    return value;
  }
}

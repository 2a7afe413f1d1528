import { handler, service, type Context } from "@perdure/sdk";

/** One member of each scalar type. */
export interface Scalars {
  text: string;
  size: number;
  isOpen: boolean;
  cents: bigint;
  at: Date;
  picture: Uint8Array;
  buffer: Buffer;
  anything: unknown;
  whatever: any;
  nothing: null;
}

@service()
export class Scalar {
  @handler()
  async all(_: Context, value: Scalars): Promise<Scalars> {
    return value;
  }

  @handler()
  async text(_: Context, value: string): Promise<string> {
    return value;
  }

  @handler()
  async size(_: Context, value: number): Promise<number> {
    return value;
  }

  @handler()
  async flag(_: Context, value: boolean): Promise<boolean> {
    return value;
  }

  @handler()
  async cents(_: Context, value: bigint): Promise<bigint> {
    return value;
  }

  @handler()
  async at(_: Context, value: Date): Promise<Date> {
    return value;
  }

  @handler()
  async picture(_: Context, value: Uint8Array): Promise<Uint8Array> {
    return value;
  }

  @handler()
  async anything(_: Context, value: unknown): Promise<unknown> {
    return value;
  }

  @handler()
  async nothing(_: Context, value: null): Promise<null> {
    return value;
  }
}

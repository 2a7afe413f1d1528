import { handler, service, type Context } from "@perdure/sdk";

interface Plus {
  a: string;
}
interface Minus {
  b: string;
}
interface Alone {
  kind: "alone";
}

interface Indistinct {
  objects: Plus | Minus;
  half: Alone | Plus;
  text: string | Date;
  bytes: Uint8Array | bigint;
  arrays: string[] | number[];
  mapped: Alone | Record<string, number>;
}

@service()
export class Indistinguishable {
  @handler()
  async put(_: Context, value: Indistinct): Promise<Indistinct> {
    return value;
  }

  @handler()
  async either(_: Context, value: string | Date): Promise<string | Date> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";

export interface A {
  t: "a";
}
export interface B {
  t: "b";
}
export interface C {
  t: "c";
}
export type AB = A | B;
export type ABC = AB | C;
export type Loose = ABC | string | null;

@service()
export class Nests {
  @handler()
  async ab(_: Context, value: AB): Promise<AB> {
    return value;
  }

  @handler()
  async abc(_: Context, value: ABC): Promise<ABC> {
    return value;
  }

  @handler()
  async loose(_: Context, value: Loose): Promise<Loose> {
    return value;
  }

  @handler()
  async list(_: Context, value: Loose[]): Promise<Loose[]> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";

export interface A {
  a: string;
}
export interface B {
  b: string;
}
export interface AB {
  ab: string;
}

@service()
export class Tuples {
  @handler()
  async one(_: Context, value: [A, B][]): Promise<[A, B][]> {
    return value;
  }

  @handler()
  async two(_: Context, value: [AB][]): Promise<[AB][]> {
    return value;
  }
}

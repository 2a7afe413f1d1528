import { handler, service, type Context } from "@perdure/sdk";

export interface CounterClient {
  a: string;
}

@service()
export class Counter {
  @handler()
  async put(_: Context, value: CounterClient): Promise<CounterClient> {
    return value;
  }
}

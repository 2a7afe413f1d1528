import { handler, service, type Context } from "@perdure/sdk";

interface OddTuples {
  optional: [a: string, b?: number];
  rest: [string, ...number[]];
}

@service()
export class TupleItems {
  @handler()
  async put(_: Context, value: OddTuples): Promise<OddTuples> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";

interface Holes {
  list: (string | undefined)[];
  map: Record<string, string | undefined>;
  pair: [string, number | undefined];
}

@service()
export class Undefineds {
  @handler()
  async put(_: Context, value: Holes): Promise<Holes> {
    return value;
  }
}

import { handler, serde, service, type Context, type Serde } from "@perdure/sdk";

const own: Serde<string> = {
  contentType: "text/plain",
  serialize: (value) => Buffer.from(value),
  deserialize: (bytes) => Buffer.from(bytes).toString(),
};

@service()
export class OwnSerdes {
  @handler({ input: own, output: own })
  async put(_: Context, value: string): Promise<string> {
    return value;
  }

  @handler({ serde: choose() })
  async chosen(_: Context, value: string): Promise<string> {
    return value;
  }
}

function choose() {
  return serde.json;
}

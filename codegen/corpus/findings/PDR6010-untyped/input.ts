import { handler, service, type Context } from "@perdure/sdk";

export interface Half {
  a;
  b: any;
}

@service()
export class Untyped {
  @handler()
  async put(_: Context, value): Promise<void> {
    void value;
  }

  @handler()
  async parse(_: Context, text: string) {
    return JSON.parse(text);
  }

  @handler()
  async half(_: Context, value: Half): Promise<void> {
    void value;
  }
}

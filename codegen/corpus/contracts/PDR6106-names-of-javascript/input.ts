import { handler, service, type Context } from "@perdure/sdk";

export interface Hidden {
  "": string;
  "[x]": string;
  "__proto__": string;
}

@service()
export class Users {
  @handler()
  async then(_: Context): Promise<void> {}
  @handler()
  async put(_: Context, value: Hidden): Promise<void> {
    void value;
  }
}

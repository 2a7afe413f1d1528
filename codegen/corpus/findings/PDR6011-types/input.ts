import { handler, service, type Context } from "@perdure/sdk";

class Account {
  id = 1;
  close(): void {}
}

class Secretive {
  private token = "";
  name = this.token;
}

class Computing {
  get total(): number {
    return 1;
  }
}

enum Mixture {
  A = "a",
  B = 1,
}

interface Everything {
  callback: () => void;
  method(): void;
  symbol: symbol;
  map: Map<string, string>;
  set: Set<string>[];
  pattern: RegExp;
  error: Error;
  own: Account;
  secretive: Secretive;
  computing: Computing;
  form: FormData;
  object: object;
  empty: {};
  boxed: String;
  floats: Float64Array;
  big: 5n;
  mixture: Mixture;
  promise: Promise<string>;
  url: URL;
  symbols: { [key: symbol]: string };
  emptyTuple: [];
}

@service()
export class Unsendable {
  @handler()
  async put(_: Context, value: Everything): Promise<Everything> {
    return value;
  }

  @handler()
  async map(_: Context, value: Map<string, string>): Promise<Map<string, string>> {
    return value;
  }
}

import { handler, service, type Context } from "@perdure/sdk";
import type { Gone } from "./gone.js";
import { durable } from "./decorators.js";

export interface Lost {
  gone: Gone;
  list: Missing[];
}

@service()
export class Lostly {
  @handler()
  async put(_: Context, value: Lost): Promise<Absent> {
    return value;
  }
}

@durable()
export class NeverFound {
  @handler()
  async put(_: Context): Promise<void> {}
}

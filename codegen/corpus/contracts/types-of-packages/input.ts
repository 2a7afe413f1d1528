import { handler, service, type Context, type Duration } from "@perdure/sdk";
import type { AddressInfo } from "node:net";

export interface Job {
  every: Duration;
  at: AddressInfo;
}

@service()
export class Jobs {
  @handler()
  async put(_: Context, value: Job): Promise<Job> {
    return value;
  }
}
